#include "shoal/optim/optimizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

template <class F>
std::string usage_message(F f) {
  try {
    f();
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ExitStatus::usage);
    return error.what();
  }
  return "(no error)";
}

TEST(Optimizer, NamesItsMoments) {
  EXPECT_THAT(Optimizer("gd").moments(), ElementsAre());
  EXPECT_THAT(Optimizer("momentum").moments(), ElementsAre("velocity"));
  EXPECT_THAT(Optimizer("rmsprop").moments(), ElementsAre("square"));
  EXPECT_THAT(Optimizer("adam").moments(), ElementsAre("m", "v"));
  EXPECT_THAT(Optimizer("adamw").moments(), ElementsAre("m", "v"));
  EXPECT_EQ(Optimizer("rmsprop").name(), "rmsprop");
  EXPECT_THAT(optimizer_names(), IsSupersetOf({"adam", "adamw", "gd", "momentum", "rmsprop"}));
}

TEST(Optimizer, UnknownNameIsAUsageError) {
  EXPECT_EQ(usage_message([] { Optimizer("adma"); }), "unknown optimizer.name \"adma\"; did you mean \"adam\"?");
  EXPECT_THAT(usage_message([] { Optimizer("conjugate_gradients"); }), HasSubstr("use one of adam, adamw, "));
}

void sign_descent(const UpdateScalars& s, std::span<float> w, std::span<const float> g, std::span<float* const>) {
  const auto rate = static_cast<float>(s.learning_rate);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] -= g[i] > 0 ? rate : -rate;
}

TEST(Optimizer, OneOfTheUsersCanBeRegistered) {
  register_optimizer("sign_descent", {}, sign_descent);
  std::vector<float> w = {1, 1};
  const std::vector<float> g = {5, -5};
  Optimizer("sign_descent").update({.settings = {}, .learning_rate = 0.25}, w, g, {});
  EXPECT_THAT(w, ElementsAre(0.75F, 1.25F));
  EXPECT_NO_THROW(check_settings(OptimizerSettings{.name = "sign_descent"}));
  EXPECT_THAT(usage_message([] { register_optimizer("adam", {}, sign_descent); }), HasSubstr("\"adam\" is registered"));
}

TEST(OptimizerSettings, OutOfRangeIsAUsageErrorThatNamesTheKey) {
  const auto message = [](auto change) {
    OptimizerSettings settings;
    change(settings);
    return usage_message([&] { check_settings(settings); });
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message([](auto&) {}), "(no error)");
  EXPECT_EQ(message([](auto& s) { s.learning_rate = -0.5; }), "optimizer.learning_rate = -0.5 must be 0 or more");
  EXPECT_EQ(message([](auto& s) { s.beta1 = 1; }), "optimizer.beta1 = 1 must be at least 0 and below 1");
  EXPECT_EQ(message([](auto& s) { s.epsilon = 0; }), "optimizer.epsilon = 0 must be 1.2e-38 or more");
  EXPECT_THAT(message([=](auto& s) { s.learning_rate = nan; }), HasSubstr("optimizer.learning_rate = nan"));
  EXPECT_THAT(message([=](auto& s) { s.beta2 = nan; }), HasSubstr("optimizer.beta2"));
  EXPECT_THAT(message([](auto& s) { s.momentum = -0.1; }), HasSubstr("optimizer.momentum"));
  EXPECT_THAT(message([](auto& s) { s.rho = 2; }), HasSubstr("optimizer.rho"));
  EXPECT_THAT(message([](auto& s) { s.l2 = -1; }), HasSubstr("optimizer.l2"));
  EXPECT_THAT(message([](auto& s) { s.weight_decay = -1; }), HasSubstr("optimizer.weight_decay"));
  EXPECT_THAT(message([](auto& s) { s.clip_norm = -1; }), HasSubstr("optimizer.clip_norm"));
  EXPECT_THAT(message([](auto& s) { s.name = "sgd"; }), HasSubstr("optimizer.name \"sgd\""));
}

}  // namespace
}  // namespace shoal
