#include "shoal/tensor/columns.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "shoal/tensor/gemm.hpp"

namespace shoal {
namespace {

std::vector<float> normal_numbers(std::size_t n, double mean, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(mean, 1);
  std::vector<float> x(n);
  for (float& v : x) v = static_cast<float>(normal(generator));
  return x;
}

TEST(Columns, MomentsFarFromZero) {
  const auto x = normal_numbers(100 * 32, 1e4, 1);
  std::vector<double> mean(32), m2(32);
  column_moments(100, 32, x.data(), mean.data(), m2.data());
  for (std::size_t c = 0; c < 32; ++c) {
    long double sum = 0, squares = 0;
    for (std::size_t r = 0; r < 100; ++r) sum += x[r * 32 + c];
    for (std::size_t r = 0; r < 100; ++r) squares += (x[r * 32 + c] - sum / 100) * (x[r * 32 + c] - sum / 100);
    EXPECT_NEAR(mean[c], static_cast<double>(sum / 100), 1e-10);
    EXPECT_NEAR(m2[c], static_cast<double>(squares), 1e-10);
  }
}

TEST(Columns, SumsOfProducts) {
  const auto a = normal_numbers(50 * 32, 0, 1);
  const auto b = normal_numbers(50 * 32, 0, 2);
  std::vector<double> sum(32), products(32);
  const std::vector<float> zeros(32), ones(32, 1.0f);  // z_norm = z
  const NormalizePanel<float> panel{zeros.data(), zeros.data(), ones.data(), ones.data(), zeros.data()};
  normalize_panel_sums(50, 32, a.data(), b.data(), panel, sum.data(), products.data());
  for (std::size_t c = 0; c < 32; ++c) {
    double s = 0, p = 0;
    for (std::size_t r = 0; r < 50; ++r) {
      s += double{a[r * 32 + c]};
      p += double{a[r * 32 + c]} * double{b[r * 32 + c]};
    }
    EXPECT_NEAR(sum[c], s, 1e-12);
    EXPECT_NEAR(products[c], p, 1e-12);
  }
}

TEST(Columns, FloatSumsAreChainsJoinedByTheTree) {
  const std::size_t rows = 256 * 2 + 5;
  const auto a = normal_numbers(rows * 32, 0, 1);
  std::vector<float> out(32);
  column_sum<float>(static_cast<std::int64_t>(rows), static_cast<std::int64_t>(rows), 32, a.data(), out.data());
  for (std::size_t c = 0; c < 32; ++c) {
    float chain[3] = {};
    for (std::size_t r = 0; r < rows; ++r) chain[r / 256] += a[r * 32 + c];
    EXPECT_EQ(out[c], (chain[0] + chain[1]) + chain[2]);
  }
}

TEST(Columns, FloatSumsOfARunOfLeavesAreJoinedByTheTree) {
  const std::size_t rows = 32 * 2 + 5;
  const auto a = normal_numbers(rows * 32, 0, 1);
  const auto b = normal_numbers(rows * 32, 0, 2);
  std::vector<float> out(32);
  const std::vector<float> zeros(32), ones(32, 1.0f);  // z_norm = z
  const NormalizePanel<float> panel{zeros.data(), zeros.data(), ones.data(), ones.data(), zeros.data()};
  normalize_panel_gamma<float>(static_cast<std::int64_t>(rows), 32, 32, a.data(), b.data(), panel, out.data());
  for (std::size_t c = 0; c < 32; ++c) {
    float leaf[3] = {};
    for (std::size_t r = 0; r < rows; ++r) leaf[r / 32] = std::fma(a[r * 32 + c], b[r * 32 + c], leaf[r / 32]);
    EXPECT_EQ(out[c], (leaf[0] + leaf[1]) + leaf[2]);
  }
}

TEST(Columns, NormalizeKeepsTheDigitsOfActivationsFarFromZero) {
  const auto z = normal_numbers(64 * 32, 1e4, 3);
  std::vector<double> mean(32), m2(32);
  column_moments(64, 32, z.data(), mean.data(), m2.data());
  std::vector<float> high(32), low(32), inverse(32), gamma(32, 2), beta(32, 0.5f), norm(64 * 32), y(64 * 32);
  for (std::size_t c = 0; c < 32; ++c) {
    high[c] = static_cast<float>(mean[c]);
    low[c] = static_cast<float>(mean[c] - high[c]);
    inverse[c] = static_cast<float>(1 / std::sqrt(m2[c] / 64 + 1e-5));
  }
  const std::vector<float> zeros(32), ones(32, 1.0f);
  normalize_panel(64, 32, z.data(),
                  NormalizePanel<float>{high.data(), low.data(), inverse.data(), ones.data(), zeros.data()},
                  norm.data());
  normalize_panel(64, 32, z.data(),
                  NormalizePanel<float>{high.data(), low.data(), inverse.data(), gamma.data(), beta.data()}, y.data());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double expected = (double{z[i]} - mean[i % 32]) / std::sqrt(m2[i % 32] / 64 + 1e-5);
    EXPECT_NEAR(norm[i], expected, 1e-6);
    EXPECT_NEAR(y[i], 2 * expected + 0.5, 2e-6);
  }
}

TEST(Columns, LeaveTheOtherHalfOfNarrowTiles) {
  const auto z = normal_numbers(8 * 32, 0, 3);
  std::vector<float> y(8 * 32, 7.0f), ones(32, 1.0f), zeros(32);
  normalize_panel(8, 11, z.data(),
                  NormalizePanel<float>{zeros.data(), zeros.data(), ones.data(), ones.data(), zeros.data()}, y.data());
  std::vector<double> mean(32, 5.0), m2(32, 5.0);
  column_moments(8, 11, z.data(), mean.data(), m2.data());
  for (std::size_t i = 0; i < y.size(); ++i) EXPECT_EQ(y[i], i % 32 < 16 ? z[i] : 7.0f);
  for (std::size_t c = 16; c < 32; ++c) EXPECT_EQ(mean[c], 0.0);
}

}  // namespace
}  // namespace shoal
