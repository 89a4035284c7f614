#include "tune/importance/importance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "shoal/core/random.hpp"
#include "shoal/tune/search_space.hpp"
#include "tune/importance/variance_shares.hpp"

namespace shoal {
namespace {

using Rows = std::vector<std::vector<double>>;  // by dimension

std::vector<double> uniform(std::uint64_t lane, std::size_t n) {
  const RandomSource source(1, Purpose::search, 99, static_cast<std::uint32_t>(lane));
  std::vector<double> values;
  for (std::size_t i = 0; i < n; ++i) values.push_back(source.uniform(i));
  return values;
}

/// What a function of places comes to, at n random ones of d dimensions.
TreeRows drawn(std::size_t d, std::size_t n, std::uint64_t lane, const std::function<double(const double*)>& f) {
  TreeRows rows{std::vector<std::size_t>(d), {}, {}};
  for (std::size_t i = 0; i < d; ++i) rows.places.push_back(uniform(lane + i, n));
  for (std::size_t r = 0; r < n; ++r) {
    std::vector<double> u;
    for (std::size_t i = 0; i < d; ++i) u.push_back(rows.places[i][r]);
    rows.response.push_back(f(u.data()));
  }
  return rows;
}

double share_of_pair(const VarianceShares& shares, std::size_t first, std::size_t second) {
  for (const PairShare& pair : shares.pairs) {
    if (pair.first == first && pair.second == second) return pair.share;
  }
  return NAN;
}

Dimension range(const std::string& key) { return {.key = key, .scale = Scale::linear, .min = 0.0, .max = 1.0}; }

TEST(VarianceShares, AreTheSobolIndicesOfIshigamisFunction) {
  // sin x + 7 sin^2 y + 0.1 z^4 sin x on [-pi, pi]^3, whose variance is known: Ishigami and Homma, An importance
  // quantification technique in uncertainty analysis for computer models (1990).
  const double pi = 3.14159265358979323846;
  const TreeRows rows = drawn(3, 1000, 10, [&](const double* u) {
    const double x = pi * (2.0 * u[0] - 1.0);
    const double y = pi * (2.0 * u[1] - 1.0);
    const double z = pi * (2.0 * u[2] - 1.0);
    return std::sin(x) + 7.0 * std::sin(y) * std::sin(y) + 0.1 * z * z * z * z * std::sin(x);
  });
  const VarianceShares shares = variance_shares(rows).value();
  EXPECT_NEAR(shares.single[0], 0.314, 0.06);
  EXPECT_NEAR(shares.single[1], 0.442, 0.06);
  EXPECT_NEAR(shares.single[2], 0.0, 0.01);
  EXPECT_NEAR(share_of_pair(shares, 0, 2), 0.244, 0.08) << "a pair takes more rows to be seen whole";
  EXPECT_NEAR(share_of_pair(shares, 0, 1), 0.0, 0.03);
  EXPECT_NEAR(share_of_pair(shares, 1, 2), 0.0, 0.03);
  EXPECT_GT(shares.explained, 0.88);
}

TEST(VarianceShares, OfASumAreThoseOfItsParts) {
  // 2 u + v: 4/12 and 1/12 of 5/12.
  const VarianceShares shares =
      variance_shares(drawn(4, 128, 20, [](const double* u) { return 2.0 * u[0] + u[1]; })).value();
  EXPECT_NEAR(shares.single[0], 0.8, 0.07);
  EXPECT_NEAR(shares.single[1], 0.2, 0.07);
  EXPECT_LT(shares.single[2], 0.01);
  EXPECT_LT(shares.single[3], 0.01);
  EXPECT_LT(share_of_pair(shares, 0, 1), 0.04) << "neither needs the other";
}

TEST(VarianceShares, OfAProductAreThePairs) {
  const VarianceShares shares =
      variance_shares(drawn(4, 256, 30, [](const double* u) { return (u[0] - 0.5) * (u[2] - 0.5); })).value();
  EXPECT_EQ(shares.pairs[0].first, 0U);
  EXPECT_EQ(shares.pairs[0].second, 2U);
  EXPECT_GT(shares.pairs[0].share, 0.7);
  for (const double single : shares.single) EXPECT_LT(single, 0.06);
  for (std::size_t i = 1; i < shares.pairs.size(); ++i) EXPECT_LT(shares.pairs[i].share, 0.02);
}

TEST(VarianceShares, WhatDoesNothingDoesNotSeemToMatter) {
  double most = 0.0;
  double most_alone = 0.0;
  for (std::uint64_t draw = 0; draw < 40; ++draw) {
    const std::size_t n = std::size_t{16} << draw % 4;
    const RandomSource noise(draw, Purpose::search, 98);
    std::uint64_t row = 0;
    const auto pure = variance_shares(drawn(4, n, 100 * draw, [&](const double*) { return noise.normal(row++); }));
    for (const double share : pure->single) most_alone = std::max(most_alone, share);
    row = 0;
    const auto mixed = variance_shares(
        drawn(4, n, 100 * draw, [&](const double* u) { return 4.0 * u[1] + 0.5 * noise.normal(row++); }));
    for (const std::size_t idle : {0U, 2U, 3U}) most = std::max(most, mixed->single[idle]);
    EXPECT_GT(mixed->single[1], n < 32 ? 0.05 : 0.5) << n;
  }
  EXPECT_LT(most_alone, 0.12);
  EXPECT_LT(most, 0.05);
}

TEST(VarianceShares, OfTrialsThatCrowdAreThoseOfTheWholeSpace) {
  // Nine of ten where u is small, as a search does that goes where it is good: there v has little to say.
  TreeRows rows = drawn(2, 600, 40, [](const double*) { return 0.0; });
  for (std::size_t r = 0; r < 600; ++r) {
    if (r % 10 != 0) rows.places[0][r] *= 0.2;
    rows.response[r] = rows.places[0][r] < 0.2 ? 0.0 : (rows.places[1][r] < 0.5 ? -1.0 : 1.0);
  }
  const VarianceShares shares = variance_shares(rows).value();
  EXPECT_GT(shares.single[1], 3.0 * shares.single[0]);  // 0.8 against 0: the response is 0 on average, whatever u
}

TEST(VarianceShares, ChoicesAreSets) {
  for (const std::size_t k : {2U, 3U, 40U, 100U}) {
    TreeRows rows = drawn(2, 8 * k, 50, [](const double*) { return 0.0; });
    rows.choices[0] = k;
    for (std::size_t r = 0; r < 8 * k; ++r) {
      rows.places[0][r] = static_cast<double>(r % k);
      rows.response[r] = r % k % 2 == 0 ? 1.0 : 2.0;  // neighbours are unlike: an order would have to cut between all
    }
    const auto shares = variance_shares(rows);
    EXPECT_NEAR(shares->single[0], 1.0, 0.03) << k;
    EXPECT_NEAR(shares->single[1], 0.0, 0.01) << k;
  }
}

TEST(VarianceShares, FewOrEqualRowsSayNothing) {
  const auto sum = [](const double* u) { return u[0]; };
  EXPECT_FALSE(variance_shares(drawn(2, 15, 60, sum)).has_value());
  EXPECT_TRUE(variance_shares(drawn(2, 16, 60, sum)).has_value());
  EXPECT_FALSE(variance_shares(drawn(2, 50, 60, [](const double*) { return 1.0; })).has_value());
  TreeRows rows = drawn(1, 50, 60, sum);
  rows.places[0].assign(50, 0.5);
  EXPECT_FALSE(variance_shares(rows).has_value());
}

TEST(Importance, RanksShareTies) {
  EXPECT_EQ(ranks_of(std::vector<double>{10, 30, 20, 30}), (std::vector<double>{0, 2.5, 1, 2.5}));
}

TEST(Importance, FindsWhatMattersAndInWhichDirection) {
  const std::vector<double> matters = uniform(1, 64);
  const std::vector<double> noise = uniform(2, 64);
  std::vector<double> metric;
  for (const double x : matters) metric.push_back(std::exp(-3.0 * x));
  const SweepImportance found = importance({range("noise"), range("matters")}, {noise, matters}, metric);
  EXPECT_EQ(found.single[0].key, "matters");
  EXPECT_NEAR(*found.single[0].correlation, -1.0, 1e-12);
  EXPECT_GT(found.single[0].share.value(), 0.9);
  EXPECT_LT(std::abs(*found.single[1].correlation), 0.3);
  EXPECT_LT(found.single[1].share.value(), 0.02);
  EXPECT_TRUE(found.pairs.empty());
  EXPECT_GT(found.explained.value(), 0.9);
}

TEST(Importance, OneThatWentFarOffIsNotAllOfIt) {
  const std::vector<double> x = uniform(1, 64);
  std::vector<double> metric = x;
  metric[7] = 1e30;
  const SweepImportance found = importance({range("x"), range("y")}, {x, uniform(2, 64)}, metric);
  EXPECT_GT(found.single[0].share.value(), 0.8);
}

TEST(Importance, SeesAValleyThatCorrelationMisses) {
  const std::vector<double> values = uniform(3, 100);
  std::vector<double> metric;
  for (const double x : values) metric.push_back(std::abs(x - 0.5));
  const SweepImportance found = importance({range("x")}, {values}, metric);
  EXPECT_LT(std::abs(*found.single[0].correlation), 0.3);
  EXPECT_GT(found.single[0].share.value(), 0.9);
}

TEST(Importance, NamesPairs) {
  const Rows values = {uniform(4, 256), uniform(5, 256), uniform(6, 256)};
  std::vector<double> metric;
  for (std::size_t i = 0; i < 256; ++i) metric.push_back((values[0][i] - 0.5) * (values[2][i] - 0.5));
  const SweepImportance found = importance({range("a"), range("b"), range("c")}, values, metric);
  ASSERT_FALSE(found.pairs.empty());
  EXPECT_EQ(found.pairs[0].first, "a");
  EXPECT_EQ(found.pairs[0].second, "c");
  EXPECT_GT(found.pairs[0].share, 0.6);
}

TEST(Importance, ChoicesHaveNoOrder) {
  std::vector<double> which;
  std::vector<double> metric;
  for (int i = 0; i < 60; ++i) {
    which.push_back(i % 3);
    metric.push_back((i % 3 == 1 ? 0.0 : 10.0) + i * 0.01);
  }
  const auto found = importance({{.key = "c", .scale = Scale::choices, .choices = {"1", "2", "3"}}}, {which}, metric);
  EXPECT_FALSE(found.single[0].correlation.has_value());
  EXPECT_GT(found.single[0].share.value(), 0.6);
}

TEST(Importance, FewTrialsSayNothing) {
  const SweepImportance six = importance({range("x")}, {uniform(3, 6)}, uniform(4, 6));
  EXPECT_EQ(six.single[0].share, std::nullopt);
  EXPECT_EQ(six.single[0].correlation, std::nullopt);
  EXPECT_EQ(six.explained, std::nullopt);
  const SweepImportance ten = importance({range("x")}, {uniform(3, 10)}, uniform(4, 10));
  EXPECT_EQ(ten.single[0].share, std::nullopt);
  EXPECT_TRUE(ten.single[0].correlation.has_value());
}

TEST(Importance, WhatIsAlwaysTheSameHasNoShareAndComesLast) {
  const SweepImportance found =
      importance({range("same"), range("x")}, {std::vector<double>(20, 0.5), uniform(3, 20)}, uniform(4, 20));
  EXPECT_EQ(found.single[0].key, "x");
  EXPECT_TRUE(found.single[0].share.has_value()) << "nothing at all is an estimate";
  EXPECT_EQ(found.single[1].share, std::nullopt);
  const SweepImportance equal = importance({range("x")}, {uniform(3, 20)}, std::vector<double>(20, 1.0));
  EXPECT_EQ(equal.single[0].share, std::nullopt);
  EXPECT_FALSE(equal.single[0].correlation.has_value());
}

TEST(Importance, CountsPlacesAlikeOnTheScaleThatIsSearched) {
  const std::vector<Dimension> space = {{.key = "rate", .scale = Scale::log, .min = 1e-4, .max = 1.0}, range("other")};
  std::vector<std::vector<double>> values(2, uniform(71, 200));
  std::vector<double> metric;
  std::vector<double> rates;
  for (const double u : uniform(70, 200)) {  // each does as much in half of its scale
    metric.push_back((u < 0.5 ? 1.0 : 0.0) + (values[1][rates.size()] < 0.5 ? 1.0 : 0.0));
    rates.push_back(number_at(space[0], u));
  }
  values[0] = rates;
  const SweepImportance found = importance(space, values, metric);
  for (const Importance& one : found.single) EXPECT_GT(one.share.value(), 0.3) << one.key;
}

}  // namespace
}  // namespace shoal
