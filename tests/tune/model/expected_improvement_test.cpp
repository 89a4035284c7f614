#include "tune/model/expected_improvement.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace shoal {
namespace {

/// By its definition: the mean of max(0, best - f) over the density, by Simpson's rule.
double by_integral(const Posterior& f, double best) {
  const double deviation = std::sqrt(f.variance);
  const double from = std::min(best, f.mean) - 12.0 * deviation;
  const int parts = 20000;
  const double step = (best - from) / parts;
  double sum = 0.0;
  for (int i = 0; i <= parts; ++i) {
    const double y = from + i * step;
    const double z = (y - f.mean) / deviation;
    const double density = std::exp(-0.5 * z * z) / (deviation * std::sqrt(2.0 * M_PI));
    sum += (i == 0 || i == parts ? 1.0 : i % 2 == 1 ? 4.0 : 2.0) * (best - y) * density;
  }
  return sum * step / 3.0;
}

TEST(ExpectedImprovement, IsTheIntegral) {
  for (const double best : {-1.0, 0.2, 0.5, 1.3, 4.0}) {
    const Posterior f{0.5, 0.09};
    EXPECT_NEAR(log_expected_improvement(f, best).value, std::log(by_integral(f, best)), 1e-6) << best;
  }
}

TEST(ExpectedImprovement, HasTheSlopesOfItsDifferencesFarIntoTheTail) {
  for (const double mean : {-1.0, 0.99, 1.0, 1.01, 3.0, 40.0, 1000.0}) {
    const Posterior f{mean, 0.25};
    const LogImprovement at = log_expected_improvement(f, 0.0);
    ASSERT_TRUE(std::isfinite(at.value)) << mean;
    const double h = 1e-5;
    const double by_mean = (log_expected_improvement({mean + h, 0.25}, 0.0).value -
                            log_expected_improvement({mean - h, 0.25}, 0.0).value) /
                           (2.0 * h);
    const double by_variance = (log_expected_improvement({mean, 0.25 + h}, 0.0).value -
                                log_expected_improvement({mean, 0.25 - h}, 0.0).value) /
                               (2.0 * h);
    EXPECT_NEAR(at.by_mean, by_mean, 1e-4 * (1.0 + std::abs(by_mean))) << mean;
    EXPECT_NEAR(at.by_variance, by_variance, 1e-4 * (1.0 + std::abs(by_variance))) << mean;
  }
}

}  // namespace
}  // namespace shoal
