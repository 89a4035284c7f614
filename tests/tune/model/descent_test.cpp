#include "tune/model/descent.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace shoal {
namespace {

double rosenbrock(std::span<const double> x, std::span<double> g) {
  const double a = 1.0 - x[0];
  const double b = x[1] - x[0] * x[0];
  g[0] = -2.0 * a - 400.0 * b * x[0];
  g[1] = 200.0 * b;
  return a * a + 100.0 * b * b;
}

TEST(Descent, FollowsACurvedValley) {
  const std::vector<double> low(2, -3.0);
  const std::vector<double> high(2, 3.0);
  const Minimum found = minimise(rosenbrock, {-1.2, 1.0}, low, high, 200);
  EXPECT_NEAR(found.x[0], 1.0, 1e-3);
  EXPECT_NEAR(found.x[1], 1.0, 2e-3);
}

TEST(Descent, StopsAtTheWallThatHoldsIt) {
  const std::vector<double> low(2, -3.0);
  const std::vector<double> high = {0.5, 3.0};
  const Minimum found = minimise(rosenbrock, {-1.2, 1.0}, low, high, 200);
  EXPECT_EQ(found.x[0], 0.5);
  EXPECT_NEAR(found.x[1], 0.25, 1e-3);
}

TEST(Descent, TakesNoPlaceThatHasNoValue) {
  const Slope cliff = [](std::span<const double> x, std::span<double> g) {
    g[0] = -1.0;
    return x[0] > 0.6 ? std::nan("") : -x[0];
  };
  const std::vector<double> low = {0.0};
  const std::vector<double> high = {1.0};
  const Minimum found = minimise(cliff, {0.1}, low, high, 50);
  EXPECT_LE(found.x[0], 0.6);
  EXPECT_GT(found.x[0], 0.5);
}

TEST(Descent, EndsWithItsEvaluations) {
  int used = 0;
  const Slope counted = [&](std::span<const double> x, std::span<double> g) {
    ++used;
    return rosenbrock(x, g);
  };
  const std::vector<double> low(2, -3.0);
  const std::vector<double> high(2, 3.0);
  minimise(counted, {-1.2, 1.0}, low, high, 10);
  EXPECT_LE(used, 10);
}

}  // namespace
}  // namespace shoal
