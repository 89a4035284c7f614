#include "shoal/optim/clipping.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace shoal {
namespace {

TEST(SumOfSquares, AgreesWithLongDoubleAtEveryLength) {
  for (std::size_t n = 0; n <= 200; ++n) {
    std::vector<float> g(n);
    long double expected = 0;
    for (std::size_t i = 0; i < n; ++i) {
      g[i] = std::sin(static_cast<float>(i * 7 + n)) * 100.0F;
      const long double q = g[i] / 50.0F;
      expected += q * q;
    }
    EXPECT_NEAR(sum_of_squares(g, 50.0F), static_cast<double>(expected), 1e-14 * static_cast<double>(expected)) << n;
  }
}

TEST(SumOfSquares, FoldsInTheDocumentedOrder) {
  // Beside 2^54 a single 1 is lost, 1 + 1 + 1 is not: it shows who met whom first.
  const float big = 134217728.0F;
  std::vector<float> g(96, 0.0F);
  g[0] = big;
  g[32] = g[64] = 1.0F;  // one lane: each is lost
  EXPECT_EQ(sum_of_squares(g, 1.0F), std::ldexp(1.0, 54));
  g[32] = g[64] = 0.0F;
  g[1] = g[33] = g[65] = 1.0F;  // another lane: they meet before they join lane 0
  EXPECT_EQ(sum_of_squares(g, 1.0F), std::ldexp(1.0, 54) + 4);
  g[1] = g[33] = g[65] = 0.0F;
  g[16] = g[8] = g[4] = 1.0F;  // join lane 0 one after the other
  EXPECT_EQ(sum_of_squares(g, 1.0F), std::ldexp(1.0, 54));
  g[16] = g[8] = g[4] = 0.0F;
  g[1] = g[17] = g[9] = 1.0F;  // meet in lane 1
  EXPECT_EQ(sum_of_squares(g, 1.0F), std::ldexp(1.0, 54) + 4);
}

TEST(SumOfSquares, DoesNotOverflowAndPassesNaN) {
  const std::vector<float> g = {3e38F, 3e38F};
  EXPECT_NEAR(sum_of_squares(g, 1.0F) / 1.8e77, 1.0, 1e-6);
  const std::vector<float> bad = {1.0F, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_TRUE(std::isnan(sum_of_squares(bad, 1.0F)));
}

TEST(ClipFactor, IsOneBelowTheNorm) {
  EXPECT_EQ(clip_factor(4.0, 0.0), 1.0);  // no clipping
  EXPECT_EQ(clip_factor(4.0, 3.0), 1.0);
  EXPECT_EQ(clip_factor(0.0, 3.0), 1.0);
  EXPECT_EQ(clip_factor(4.0, 1.0), 1.0 / (2.0 + 1e-6));
  EXPECT_LT(clip_factor(4.0, 2.0), 1.0);  // as PyTorch: the 1e-6 acts at the norm itself
}

TEST(ClipFactor, DoesNotHideDivergence) {
  EXPECT_TRUE(std::isnan(clip_factor(std::numeric_limits<double>::quiet_NaN(), 1.0)));
  EXPECT_EQ(clip_factor(std::numeric_limits<double>::infinity(), 1.0), 0.0);  // and 0 * inf is NaN in the update
}

}  // namespace
}  // namespace shoal
