#include <gtest/gtest.h>

#include "shoal/optim/optimizer.hpp"

namespace shoal {
namespace {

void expect_same(const OptimizerSettings& actual, const OptimizerSettings& expected) {
  EXPECT_EQ(actual.name, expected.name);
  EXPECT_EQ(actual.learning_rate, expected.learning_rate);
  EXPECT_EQ(actual.beta1, expected.beta1);
  EXPECT_EQ(actual.beta2, expected.beta2);
  EXPECT_EQ(actual.epsilon, expected.epsilon);
  EXPECT_EQ(actual.momentum, expected.momentum);
  EXPECT_EQ(actual.rho, expected.rho);
  EXPECT_EQ(actual.l2, expected.l2);
  EXPECT_EQ(actual.weight_decay, expected.weight_decay);
  EXPECT_EQ(actual.nesterov, expected.nesterov);
  EXPECT_EQ(actual.trust_coefficient, expected.trust_coefficient);
  EXPECT_EQ(actual.clip_norm, expected.clip_norm);
}

TEST(OptimizerOptions, DefaultsAreThoseOfTheSettings) {
  expect_same(GradientDescent{}, {.name = "gd"});
  expect_same(Momentum{}, {.name = "momentum"});
  expect_same(RMSprop{}, {.name = "rmsprop"});
  expect_same(Adam{}, {.name = "adam"});
  expect_same(AdamW{}, {.name = "adamw"});
  expect_same(LARS{}, {.name = "lars"});
  expect_same(LAMB{}, {.name = "lamb"});
}

TEST(OptimizerOptions, EveryFieldArrives) {
  expect_same(GradientDescent{.learning_rate = 1, .l2 = 2, .clip_norm = 3},
              {.name = "gd", .learning_rate = 1, .l2 = 2, .clip_norm = 3});
  expect_same(Momentum{.learning_rate = 1, .momentum = 0.5, .nesterov = true, .l2 = 2, .clip_norm = 3},
              {.name = "momentum", .learning_rate = 1, .momentum = 0.5, .nesterov = true, .l2 = 2, .clip_norm = 3});
  expect_same(RMSprop{.learning_rate = 1, .rho = 0.5, .epsilon = 4, .l2 = 2, .clip_norm = 3},
              {.name = "rmsprop", .learning_rate = 1, .epsilon = 4, .rho = 0.5, .l2 = 2, .clip_norm = 3});
  expect_same(Adam{.learning_rate = 1, .beta1 = 0.5, .beta2 = 0.25, .epsilon = 4, .l2 = 2, .clip_norm = 3},
              {.name = "adam", .learning_rate = 1, .beta1 = 0.5, .beta2 = 0.25, .epsilon = 4, .l2 = 2, .clip_norm = 3});
  expect_same(
      AdamW{.learning_rate = 1, .beta1 = 0.5, .beta2 = 0.25, .epsilon = 4, .weight_decay = 5, .l2 = 2, .clip_norm = 3},
      {.name = "adamw",
       .learning_rate = 1,
       .beta1 = 0.5,
       .beta2 = 0.25,
       .epsilon = 4,
       .l2 = 2,
       .weight_decay = 5,
       .clip_norm = 3});
  expect_same(LARS{.learning_rate = 1,
                   .momentum = 0.5,
                   .nesterov = true,
                   .trust_coefficient = 6,
                   .weight_decay = 5,
                   .l2 = 2,
                   .clip_norm = 3},
              {.name = "lars",
               .learning_rate = 1,
               .momentum = 0.5,
               .nesterov = true,
               .l2 = 2,
               .weight_decay = 5,
               .trust_coefficient = 6,
               .clip_norm = 3});
  expect_same(
      LAMB{.learning_rate = 1, .beta1 = 0.5, .beta2 = 0.25, .epsilon = 4, .weight_decay = 5, .l2 = 2, .clip_norm = 3},
      {.name = "lamb",
       .learning_rate = 1,
       .beta1 = 0.5,
       .beta2 = 0.25,
       .epsilon = 4,
       .l2 = 2,
       .weight_decay = 5,
       .clip_norm = 3});
}

}  // namespace
}  // namespace shoal
