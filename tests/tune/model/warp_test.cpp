#include "tune/model/warp.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace shoal {
namespace {

TEST(Warp, KeepsTheOrderAndHasMean0AndVariance1) {
  const std::vector<double> targets = targets_of(std::vector<std::optional<double>>{3.0, 0.1, 1e30, 0.2, 0.15});
  double sum = 0.0;
  double squares = 0.0;
  for (const double t : targets) {
    sum += t;
    squares += t * t;
  }
  EXPECT_NEAR(sum, 0.0, 1e-12);
  EXPECT_NEAR(squares / 5.0, 1.0, 1e-12);
  EXPECT_LT(targets[1], targets[4]);
  EXPECT_LT(targets[4], targets[3]);
  EXPECT_LT(targets[3], targets[0]);
  EXPECT_LT(targets[0], targets[2]);
}

TEST(Warp, AFailureIsTheWorst) {
  const std::vector<double> targets = targets_of(std::vector<std::optional<double>>{1.0, std::nullopt, 2.0, 7.0});
  EXPECT_EQ(targets[1], targets[3]);
}

TEST(Warp, WhatDoesNotDifferIs0) {
  for (const double t : targets_of(std::vector<std::optional<double>>{4.0, 4.0, std::nullopt})) EXPECT_EQ(t, 0.0);
  EXPECT_EQ(targets_of(std::vector<std::optional<double>>{std::nullopt}), std::vector{0.0});
}

TEST(Warp, HalfOfTheScoresMayBeEqual) {
  const std::vector<double> targets = targets_of(std::vector<std::optional<double>>{1.0, 1.0, 1.0, 2.0});
  EXPECT_TRUE(std::isfinite(targets[3]));
  EXPECT_LT(targets[0], targets[3]);
}

}  // namespace
}  // namespace shoal
