#include "tune/importance.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "shoal/core/random.hpp"

namespace shoal {
namespace {

std::vector<double> uniform(std::uint64_t lane, int n) {
  const RandomSource source(1, Purpose::search, 99, static_cast<std::uint32_t>(lane));
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(source.uniform(static_cast<std::uint64_t>(i)));
  return values;
}

Dimension range(const std::string& key) { return {.key = key, .scale = Scale::linear, .min = 0.0, .max = 1.0}; }

TEST(Importance, RanksShareTies) {
  EXPECT_EQ(ranks_of(std::vector<double>{10, 30, 20, 30}), (std::vector<double>{0, 2.5, 1, 2.5}));
}

TEST(Importance, FindsWhatMattersAndInWhichDirection) {
  const int n = 64;
  const std::vector<double> matters = uniform(1, n);
  const std::vector<double> noise = uniform(2, n);
  std::vector<double> metric;
  for (const double x : matters) metric.push_back(std::exp(-3.0 * x));
  const auto found = importance({range("noise"), range("matters")}, {noise, matters}, metric);
  EXPECT_EQ(found[0].key, "matters");
  EXPECT_NEAR(*found[0].correlation, -1.0, 1e-12);
  EXPECT_GT(found[0].share.value(), 0.9);
  EXPECT_LT(std::abs(*found[1].correlation), 0.3);
  EXPECT_LT(found[1].share.value(), 0.15);
}

TEST(Importance, SeesAValleyThatCorrelationMisses) {
  const std::vector<double> values = uniform(3, 100);
  std::vector<double> metric;
  for (const double x : values) metric.push_back(std::abs(x - 0.5));
  const auto found = importance({range("x")}, {values}, metric);
  EXPECT_LT(std::abs(*found[0].correlation), 0.3);
  EXPECT_GT(found[0].share.value(), 0.6);
}

TEST(Importance, ChoicesHaveNoOrder) {
  std::vector<double> which;
  std::vector<double> metric;
  for (int i = 0; i < 60; ++i) {
    which.push_back(i % 3);
    metric.push_back((i % 3 == 1 ? 0.0 : 10.0) + i * 0.01);
  }
  const auto found = importance({{.key = "c", .scale = Scale::choices, .choices = {"1", "2", "3"}}}, {which}, metric);
  EXPECT_FALSE(found[0].correlation.has_value());
  EXPECT_GT(found[0].share.value(), 0.6);
}

TEST(Importance, EachChoiceIsAGroupWhateverTheirNumber) {
  for (std::size_t k = 2; k <= 40; ++k) {
    Dimension dimension{.key = "c", .scale = Scale::choices};
    dimension.choices.assign(k, "1");
    for (const std::size_t trials : {8 * k, 8 * k + 3}) {
      std::vector<double> which;
      std::vector<double> metric;
      for (std::size_t i = 0; i < trials; ++i) {
        which.push_back(static_cast<double>(i % k));
        metric.push_back(i % k % 2 == 0 ? 1.0 : 2.0);  // neighbours are unlike: groups that merge lose what they tell
      }
      EXPECT_NEAR(importance({dimension}, {which}, metric)[0].share.value(), 1.0, 1e-12)
          << k << " choices, " << trials << " trials";
    }
  }
}

TEST(Importance, WhatCannotBeEstimatedComesLast) {
  std::vector<double> which;
  for (int i = 0; i < 20; ++i) which.push_back(i % 11);
  Dimension many{.key = "many", .scale = Scale::choices};
  many.choices.assign(11, "1");
  const std::vector<double> noise = uniform(4, 20);
  const auto found = importance({many, range("x")}, {which, noise}, uniform(5, 20));
  EXPECT_EQ(found[0].key, "x");
  EXPECT_TRUE(found[0].share.has_value()) << "nothing at all is an estimate";
  EXPECT_EQ(found[1].share, std::nullopt) << "11 groups of 20 trials";
}

TEST(Importance, FewOrEqualTrialsSayNothing) {
  EXPECT_EQ(importance({range("x")}, {{1, 2, 3}}, std::vector<double>{1, 2, 3})[0].share, std::nullopt);
  const std::vector<double> values = uniform(3, 20);
  const auto found = importance({range("x")}, {values}, std::vector<double>(20, 1.0));
  EXPECT_EQ(found[0].share, std::nullopt);
  EXPECT_FALSE(found[0].correlation.has_value());
}

}  // namespace
}  // namespace shoal
