#include "shoal/core/random.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace shoal {
namespace {

TEST(Random, IsAFunctionOfItsCoordinatesAlone) {
  const RandomSource a(7, Purpose::dropout, 3, 2);
  const RandomSource b(7, Purpose::dropout, 3, 2);
  EXPECT_EQ(a.bits(5, 9), b.bits(5, 9));
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed : {1u, 2u})
    for (auto purpose : {Purpose::dropout, Purpose::synth})
      for (std::uint64_t index : {0u, 1u})
        for (std::uint32_t lane : {0u, 1u})
          for (std::uint64_t item : {0u, 1u})
            for (std::uint64_t element : {0u, 1u, 2u})
              seen.insert(RandomSource(seed, purpose, index, lane).bits(item, element));
  EXPECT_EQ(seen.size(), 2u * 2 * 2 * 2 * 2 * 3);
}

TEST(Random, NumbersAreFixedForEver) {
  // Golden: a change here changes every trained model and every shuffled epoch.
  const RandomSource source(1, Purpose::shuffle_rows, 2, 3);
  EXPECT_EQ(source.bits(4, 5), 933304612149426221u);
}

TEST(Random, UniformAndNormalHaveTheirMoments) {
  const RandomSource source(1, Purpose::initialise);
  double sum = 0, squares = 0, normal = 0, normal_squares = 0;
  constexpr int n = 100000;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double u = source.uniform(0, i);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    squares += u * u;
    const double z = source.normal(1, i);
    normal += z;
    normal_squares += z * z;
  }
  EXPECT_NEAR(sum / n, 0.5, 0.005);
  EXPECT_NEAR(squares / n, 1.0 / 3, 0.005);
  EXPECT_NEAR(normal / n, 0, 0.015);
  EXPECT_NEAR(normal_squares / n, 1, 0.02);
}

TEST(Random, NormalFollowsItsDistribution) {
  const RandomSource source(3, Purpose::initialise);
  int below[3] = {};
  constexpr int n = 200000;
  for (std::uint64_t i = 0; i < n; ++i) {
    const double z = source.normal(0, i);
    below[0] += z < -2;
    below[1] += z < 0.5;
    below[2] += z < 3;
  }
  EXPECT_NEAR(below[0] / double(n), 0.02275, 0.002);
  EXPECT_NEAR(below[1] / double(n), 0.69146, 0.004);
  EXPECT_NEAR(below[2] / double(n), 0.99865, 0.0004);
}

TEST(Random, BelowIsUniformOverItsRange) {
  const RandomSource source(1, Purpose::search);
  std::vector<int> count(10);
  for (std::uint64_t i = 0; i < 10000; ++i) ++count[source.below(10, i)];
  for (int c : count) EXPECT_NEAR(c, 1000, 150);
  EXPECT_LT(source.below(0xffffffffffffffffULL, 1), 0xffffffffffffffffULL);
}

}  // namespace
}  // namespace shoal
