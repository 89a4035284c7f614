#include "shoal/optim/optimizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_THAT(usage_message([] { Optimizer("adma"); }),
              HasSubstr("unknown optimizer.name \"adma\"; did you mean \"adam\"? use one of \"adam\", \"adamw\", "));
  EXPECT_THAT(usage_message([] { Optimizer("sgd"); }), HasSubstr("\"sgd\"; did you mean \"gd\" or \"momentum\"? use"));
  EXPECT_THAT(usage_message([] { Optimizer("conjugate_gradients"); }), HasSubstr("\"; use one of \"adam\", "));
}

void sign_descent(const UpdateScalars& s, std::span<float> w, const GradientSum& g, std::span<float* const>) {
  const auto rate = static_cast<float>(s.learning_rate);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] -= g[i] > 0 ? rate : -rate;
}

TEST(Optimizer, OneOfTheUsersCanBeRegistered) {
  register_optimizer("sign_descent", {}, sign_descent);
  std::vector<float> w = {1, 1};
  const std::vector<float> g = {5, -5};
  Optimizer("sign_descent").update({.settings = {}, .learning_rate = 0.25}, w, g, {});
  EXPECT_THAT(w, ElementsAre(0.75F, 1.25F));
  EXPECT_NO_THROW(register_optimizer("eight", std::vector<std::string_view>(8, "m"), sign_descent));
  EXPECT_EQ(usage_message([] { register_optimizer("nine", std::vector<std::string_view>(9, "m"), sign_descent); }),
            "optimizer \"nine\" has 9 moments; use 8 or fewer");
  EXPECT_THAT(usage_message([] { register_optimizer("adam", {}, sign_descent); }), HasSubstr("\"adam\" is registered"));
}

}  // namespace
}  // namespace shoal
