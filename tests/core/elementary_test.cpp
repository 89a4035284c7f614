#include "shoal/core/elementary.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace shoal {
namespace {

void expect_close(double actual, double expected, double tolerance, double x) {
  EXPECT_LE(std::fabs(actual - expected), tolerance * std::fabs(expected) + 1e-300) << "at " << x;
}

TEST(Elementary, AgreesWithTheCLibrary) {
  for (double x = -700; x < 700; x += 0.37) expect_close(elementary::exp(x), std::exp(x), 4e-16, x);
  for (double x = 1e-300; x < 1e300; x *= 1.7) expect_close(elementary::log(x), std::log(x), 4e-16, x);
  for (double x = 0.5; x < 2; x += 0.0017) expect_close(elementary::log(x), std::log(x), 1e-15, x);
  for (double x = -20; x < 20; x += 0.0173) {
    expect_close(elementary::tanh(x), std::tanh(x), 2e-15, x);
    expect_close(elementary::sigmoid(x), 1 / (1 + std::exp(-x)), 2e-15, x);
    EXPECT_NEAR(elementary::cos_pi(x), std::cos(3.14159265358979323846 * x), 1e-14) << x;
    if (std::fabs(x) < 5) expect_close(elementary::erf(x), std::erf(x), 1e-14, x);
  }
  for (double x = 0; x < 50; x += 0.01) expect_close(elementary::log1p(x), std::log1p(x), 1e-15, x);
  expect_close(elementary::power(0.999, 12345), std::pow(0.999, 12345), 1e-11, 12345);
}

TEST(Elementary, Extremes) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(elementary::exp(1000.0), infinity);
  EXPECT_EQ(elementary::exp(-1000.0), 0);
  EXPECT_GT(elementary::exp(-740.0), 0);
  EXPECT_EQ(elementary::exp(0.0), 1);
  EXPECT_TRUE(std::isnan(elementary::exp(std::nan(""))));
  EXPECT_EQ(elementary::log(0.0), -infinity);
  EXPECT_TRUE(std::isnan(elementary::log(-1.0)));
  EXPECT_EQ(elementary::log(1.0), 0);
  expect_close(elementary::log(5e-324), std::log(5e-324), 1e-15, 5e-324);
  EXPECT_EQ(elementary::cos_pi(0.5), 0);
  EXPECT_EQ(elementary::cos_pi(1.0), -1);
  EXPECT_EQ(elementary::power(0.0, 0), 1);
}

}  // namespace
}  // namespace shoal
