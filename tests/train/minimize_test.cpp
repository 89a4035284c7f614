#include "shoal/train/minimize.hpp"

#include <gtest/gtest.h>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

TEST(Minimize, ReachesTheMinimumOfAParabola) {
  Graph g;
  auto w = g.variable("w", {1}, zeros());
  auto cost = square(w) - 10.0f * w + 25.0f;
  minimize(cost, GradientDescent{.learning_rate = 0.01}, 1000);
  EXPECT_NEAR(w.item(), 5, 1e-4);
}

TEST(Minimize, TakesCoefficientsFromOutsideAndAnyOptimizer) {
  for (const OptimizerSettings& optimizer :
       {OptimizerSettings(GradientDescent{.learning_rate = 0.01}), OptimizerSettings(Momentum{.learning_rate = 0.01}),
        OptimizerSettings(RMSprop{.learning_rate = 0.01}), OptimizerSettings(Adam{.learning_rate = 0.05}),
        OptimizerSettings(AdamW{.learning_rate = 0.05, .weight_decay = 0}),
        OptimizerSettings(Momentum{.learning_rate = 0.01, .nesterov = true})}) {
    Graph g;
    auto c = g.placeholder("coefficients", {3});
    auto w = g.variable("w", {1}, zeros());
    auto cost = c[0] * square(w) + c[1] * w + c[2];
    minimize(cost, optimizer, 3000, {{"coefficients", {1, -20, 100}}});
    EXPECT_NEAR(w.item(), 10, 0.02) << optimizer.name;
  }
}

TEST(Minimize, TakesTrustRatiosOfWeightsThatDecay) {
  // One step of lars: w = 4, so that g = 2 (4 - 10) = -12 and the ratio is 0.02 * 4 / (12 + 0.1 * 4).
  const LARS lars{.learning_rate = 0.5, .trust_coefficient = 0.02, .weight_decay = 0.1};
  for (const bool decay : {true, false}) {
    Graph g;
    auto w = g.variable("w", {1}, constant(4.0), decay);
    minimize(square(w - 10.0F), lars, 1);
    const double change = decay ? 0.02 * 4 / 12.4 * (-12 + 0.4) : -12.0;
    EXPECT_NEAR(w.item(), 4 - 0.5 * change, 1e-6);
  }
  // And of lamb: its change is -1 + 0.1 * 4, whose ratio makes it a step of |w|.
  Graph g;
  auto w = g.variable("w", {1}, constant(4.0), true);
  minimize(square(w - 10.0F), LAMB{.learning_rate = 0.5, .weight_decay = 0.1}, 1);
  EXPECT_NEAR(w.item(), 4 + 0.5 * 4, 1e-5);
}

TEST(Minimize, FitsALineToSamples) {
  Graph g;
  auto x = g.input("x", 2);
  auto y = g.input("y", 1);
  auto w = g.variable("w", {2, 1}, zeros());
  auto b = g.variable("b", {1}, zeros());
  Feed feed;
  for (int i = 0; i < 50; ++i) {
    const float u = static_cast<float>(i % 7) - 3, v = static_cast<float>(i % 5) - 2;
    feed["x"].insert(feed["x"].end(), {u, v});
    feed["y"].push_back(2 * u - 3 * v + 0.5f);
  }
  const double cost = minimize(sum(square(dense(x, w, b) - y)), GradientDescent{.learning_rate = 1e-3}, 1000, feed);
  EXPECT_LT(cost, 1e-8);
  EXPECT_NEAR(g.value(w)[0], 2, 1e-4);
  EXPECT_NEAR(g.value(w)[1], -3, 1e-4);
  EXPECT_NEAR(b.item(), 0.5, 1e-4);
}

TEST(Minimize, LeavesVariablesThatTheCostDoesNotDependOn) {
  Graph g;
  auto w = g.variable("w", {1}, zeros());
  auto other = g.variable("other", {1}, constant(4), true);
  minimize(square(w - 5.0), AdamW{.learning_rate = 0.1, .weight_decay = 0.1}, 1000);
  const float found = w.item();
  EXPECT_NEAR(found, 5, 0.5);
  EXPECT_EQ(other.item(), 4);
  auto later = g.variable("later", {2}, constant(3));
  EXPECT_EQ(w.item(), found) << "a variable more";
  minimize(sum(square(later - 1.0)), GradientDescent{.learning_rate = 0.1}, 100);
  EXPECT_EQ(w.item(), found);
  EXPECT_EQ(other.item(), 4);
  EXPECT_NEAR(g.value(later)[1], 1, 1e-3);
}

TEST(Minimize, MistakesAreNamed) {
  Graph g;
  auto x = g.input("x", 2);
  auto w = g.variable("w", {2}, zeros());
  const auto status = [](auto call) {
    try {
      call();
    } catch (const Error& e) {
      return e.status();
    }
    return ExitStatus::done;
  };
  EXPECT_EQ(status([&] { minimize(x * w, Adam{}, 1, {{"x", {1, 2}}}); }), ExitStatus::usage);
  EXPECT_EQ(status([&] { minimize(sum(x * w), Adam{}, 1); }), ExitStatus::usage);
  EXPECT_EQ(status([&] { minimize(sum(x * w), Adam{}, 1, {{"x", {1, 2, 3}}}); }), ExitStatus::usage);
  EXPECT_EQ(status([&] { minimize(sum(x * w), Adam{}, 1, {{"x", {1, 2, 3, 4}}}); }), ExitStatus::done);
  EXPECT_EQ(status([&] { minimize(sum(x * w), Adam{.beta1 = 1}, 1, {{"x", {1, 2}}}); }), ExitStatus::usage);
  EXPECT_EQ(status([&] { minimize(sum(exp(square(w - 100.0))), Adam{}, 1, {{"x", {1, 2}}}); }), ExitStatus::diverged);
}

TEST(Minimize, TakesAnOptimizerOfTheUsersThatIsRegisteredLate) {
  Graph g;
  auto w = g.variable("w", {1}, zeros());
  minimize(square(w - 1.0f), Adam{}, 1);
  register_optimizer(
      "half_way", {},
      [](const UpdateScalars&, std::span<float> values, const GradientSum& gradient, std::span<float* const>) {
        for (std::size_t i = 0; i < values.size(); ++i) values[i] -= 0.25f * gradient[i];
      });
  minimize(square(w - 1.0f), {.name = "half_way"}, 60);
  EXPECT_NEAR(w.item(), 1, 1e-6);
}

}  // namespace
}  // namespace shoal
