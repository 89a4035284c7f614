#include "shoal/optim/optimizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
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
  EXPECT_THAT(Optimizer("lars").moments(), ElementsAre("velocity"));
  EXPECT_THAT(Optimizer("lamb").moments(), ElementsAre("m", "v"));
  EXPECT_THAT(optimizer_names(), IsSupersetOf({"adam", "adamw", "gd", "lamb", "lars", "momentum", "rmsprop"}));
}

/// Of 2,500 elements, so that there are several pieces, the last of them short.
struct Parameter {
  static constexpr std::size_t size = 2500;
  explicit Parameter(double scale) {
    for (std::size_t i = 0; i < size; ++i) {
      w.push_back(static_cast<float>(scale * std::sin(static_cast<double>(i))));
      g.push_back(static_cast<float>(100 * std::cos(static_cast<double>(3 * i))));
    }
  }
  std::vector<float> w, g;
  std::vector<float> m = std::vector<float>(size, 0.25F);
  std::vector<float> v = std::vector<float>(size, 0.5F);
  std::array<float*, 2> moments = {m.data(), v.data()};
};

UpdateScalars trusted() {
  UpdateScalars s;
  s.settings.l2 = 0.01;
  s.settings.weight_decay = 0.1;
  s.settings.trust_coefficient = 0.02;
  s.step = 3;
  s.batch = 50.0F;
  s.clip_factor = 0.75;
  return s;
}

TEST(TrustRatio, OfLarsIsOfTheNormsOfWeightsAndGradient) {
  Parameter p(2.0);
  const UpdateScalars s = trusted();
  double weights = 0;
  double change = 0;
  for (std::size_t i = 0; i < Parameter::size; ++i) {
    const double g = double{p.g[i]} / 50 * 0.75 + 0.01 * double{p.w[i]};
    weights += double{p.w[i]} * double{p.w[i]};
    change += g * g;
  }
  const Optimizer lars("lars");
  EXPECT_TRUE(lars.trusts());
  const TrustNorms norms = lars.norms(s, p.w, p.g, std::span(p.moments).first(1));
  EXPECT_NEAR(norms.weights, weights, 1e-12 * weights);
  EXPECT_NEAR(norms.change, change, 1e-6 * change);
  const double expected = 0.02 * std::sqrt(weights) / (std::sqrt(change) + 0.1 * std::sqrt(weights));
  EXPECT_NEAR(lars.trust_ratio(s.settings, norms), expected, 1e-6 * expected);
}

TEST(TrustRatio, OfLambIsOfTheNormsOfWeightsAndStepAndLeavesTheMoments) {
  Parameter p(2.0);
  const UpdateScalars s = trusted();
  double weights = 0;
  double change = 0;
  for (std::size_t i = 0; i < Parameter::size; ++i) {
    const double w = p.w[i];
    const double g = double{p.g[i]} / 50 * 0.75 + 0.01 * w;
    const double m = (0.9 * 0.25 + 0.1 * g) / (1 - std::pow(0.9, 3));
    const double v = (0.999 * 0.5 + 0.001 * g * g) / (1 - std::pow(0.999, 3));
    const double u = m / (std::sqrt(v) + 1e-8) + 0.1 * w;
    weights += w * w;
    change += u * u;
  }
  const Optimizer lamb("lamb");
  const TrustNorms norms = lamb.norms(s, p.w, p.g, p.moments);
  EXPECT_NEAR(norms.change, change, 1e-5 * change);
  EXPECT_NEAR(lamb.trust_ratio(s.settings, norms), std::sqrt(weights / change), 1e-5);
  EXPECT_EQ(p.m, std::vector<float>(Parameter::size, 0.25F));
  EXPECT_EQ(p.v, std::vector<float>(Parameter::size, 0.5F));
}

TEST(TrustRatio, NormsHaveTheSameBitsForEveryCutAtChunksAndForTwoRows) {
  Parameter p(2.0);
  std::vector<float> left;
  std::vector<float> right;
  for (std::size_t i = 0; i < Parameter::size; ++i) {
    left.push_back(p.g[i] * 3);
    right.push_back(static_cast<float>(i % 17));
    p.g[i] = left[i] + right[i];
    p.m[i] = static_cast<float>(i % 13);
    p.v[i] = static_cast<float>(i % 11);
  }
  for (const char* name : {"lars", "lamb"}) {
    const Optimizer optimizer(name);
    const auto moments = std::span(p.moments).first(optimizer.moments().size());
    const TrustNorms whole = optimizer.norms(trusted(), p.w, p.g, moments);
    TrustNorms parts;
    for (std::size_t begin = 0; begin < Parameter::size; begin += 1024) {
      const std::size_t n = std::min<std::size_t>(1024, Parameter::size - begin);
      std::array<float*, 2> at = {p.m.data() + begin, p.v.data() + begin};
      const TrustNorms part = optimizer.norms(trusted(), std::span(p.w).subspan(begin, n),
                                              GradientSum(std::span(left).subspan(begin, n), right.data() + begin),
                                              std::span(at).first(moments.size()));
      parts.weights += part.weights;
      parts.change += part.change;
    }
    const TrustNorms of_two_rows = optimizer.norms(trusted(), p.w, GradientSum(left, right.data()), moments);
    EXPECT_EQ(of_two_rows.change, parts.change) << name;
    EXPECT_EQ(whole.weights, parts.weights) << name;
    EXPECT_EQ(whole.change, parts.change) << name;
  }
}

TEST(TrustRatio, IsOneWithoutNormsAndDoesNotHideDivergence) {
  const OptimizerSettings settings{.weight_decay = 0.1, .trust_coefficient = 0.02};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const char* name : {"lars", "lamb"}) {
    const Optimizer optimizer(name);
    EXPECT_EQ(optimizer.trust_ratio(settings, {0, 0}), 1.0) << name;
    EXPECT_EQ(optimizer.trust_ratio(settings, {0, 4}), 1.0) << name;
    EXPECT_TRUE(std::isnan(optimizer.trust_ratio(settings, {1, nan}))) << name;
    EXPECT_TRUE(std::isnan(optimizer.trust_ratio(settings, {nan, 1}))) << name;
  }
  EXPECT_EQ(Optimizer("lamb").trust_ratio(settings, {4, 0}), 1.0);
  EXPECT_EQ(Optimizer("lars").trust_ratio(settings, {4, 0}), 0.02 * 2 / (0.1 * 2));  // decay alone is left
  EXPECT_FALSE(Optimizer("adamw").trusts());
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
