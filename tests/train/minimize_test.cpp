#include "shoal/train/minimize.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "shoal/core/error.hpp"
#include "shoal/nn/operations.hpp"
#include "shoal/nn/pooling.hpp"

namespace shoal {
namespace {

/// What minimize() says; empty: nothing.
std::string refusal_of(Value cost, std::int64_t steps, const Feed& feed, ExitStatus status = ExitStatus::usage) {
  try {
    minimize(cost, GradientDescent{.learning_rate = 0.1}, steps, feed);
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), status) << e.what();
    return e.what();
  }
  return "";
}

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

TEST(Minimize, ChecksClassNumbers) {
  Graph g;
  const Value x = g.input("x", 1);
  const Value t = g.input("t", 1);
  const Value logits = dense(x, g.variable("w", {1, 3}, zeros()), g.variable("b", {3}, zeros()));
  const Value fed = softmax_cross_entropy(logits, t);
  const Value computed = 2.0 * softmax_cross_entropy(logits, t - 1.0);
  EXPECT_EQ(refusal_of(fed, 5, {{"x", {1, 2}}, {"t", {2, 3}}}),
            "minimize: row 1 of \"t\" is 3; softmax_cross_entropy takes class numbers, whole ones from 0 to 2");
  for (const float number : {1.5f, -1.0f, 1e9f, std::nanf("")})
    EXPECT_NE(refusal_of(fed, 5, {{"x", {1, 2}}, {"t", {0, number}}}), "") << number;
  EXPECT_EQ(refusal_of(fed, 5, {{"x", {1, 2}}, {"t", {0, 2}}}), "");
  EXPECT_EQ(refusal_of(computed, 5, {{"x", {1, 2}}, {"t", {1, 3}}}), "");
  EXPECT_NE(refusal_of(computed, 5, {{"x", {1, 2}}, {"t", {1, 0}}}), "");
}

TEST(Minimize, TakesNoTargetsThatAreNoShares) {
  Graph g;
  const Value x = g.input("x", 1);
  const Value t = g.input("t", 1);
  const Value cost = sigmoid_cross_entropy(x * g.variable("w", {1}, zeros()), t);
  for (const float target : {0.0f, 0.3f, 1.0f}) EXPECT_EQ(refusal_of(cost, 5, {{"x", {1, 2}}, {"t", {0, target}}}), "");
  for (const float target : {-0.1f, 1.1f, 2.0f, std::nanf("")})
    EXPECT_NE(refusal_of(cost, 5, {{"x", {1, 2}}, {"t", {0, target}}}, ExitStatus::diverged), "") << target;
}

TEST(Minimize, ChecksClassNumbersThatAreComputedBesideImages) {
  Graph g;
  const Value x = g.input("x", image_shape(2, 2, 2));
  const Value t = g.input("t", 1);
  const Value cost = softmax_cross_entropy(dense(flatten(relu(x)), g.variable("w", {8, 3}, zeros())), 2.0 * t - 1.0);
  const std::vector<float> images(16, 1.0f);
  EXPECT_EQ(refusal_of(cost, 2, {{"x", images}, {"t", {0.5f, 1.5f}}}), "");
  EXPECT_NE(refusal_of(cost, 2, {{"x", images}, {"t", {0.5f, 2.0f}}}).find("row 1 of \"shift\" is 3;"),
            std::string::npos);
}

TEST(Minimize, TakesAVariableAsItsCost) {
  Graph g;
  const Value w = g.variable("w", {1}, constant(4.0));
  EXPECT_EQ(minimize(w, GradientDescent{.learning_rate = 0.5}, 2), 3.5);
  EXPECT_EQ(w.item(), 3.0f);
}

TEST(Minimize, RefusesStepsBelowZeroAndFeedsOfNobody) {
  Graph g;
  const Value w = g.variable("w", {1}, zeros());
  const Value cost = square(w - g.placeholder("middle", {1}));
  EXPECT_EQ(refusal_of(cost, -1, {{"middle", {1}}}), "minimize: -1 steps; take 0 or more");
  EXPECT_EQ(refusal_of(cost, 1, {{"middle", {1}}, {"midle", {1}}}),
            "minimize: values for \"midle\", and the graph has no such input; did you mean \"middle\"? use one of "
            "\"middle\"");
}

TEST(Minimize, BlamesTheLearningRateOnlyAfterAnUpdate) {
  Graph g;
  const Value w = g.variable("w", {1}, constant(1.0));
  const Value cost = exp(square(w * g.placeholder("c", {1})));
  EXPECT_EQ(refusal_of(cost, 9, {{"c", {std::nanf("")}}}, ExitStatus::diverged).find("learning rate"),
            std::string::npos);
  EXPECT_NE(refusal_of(-cost, 99, {{"c", {1}}}, ExitStatus::diverged).find("lower the learning rate (0.1)"),
            std::string::npos);
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
