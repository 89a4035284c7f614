#include "tune/model/expected_improvement.hpp"

#include <cmath>

#include "shoal/core/elementary.hpp"

namespace shoal {
namespace {

constexpr double log_of_sqrt_2pi = 0.9189385332046727;
constexpr double tail = -2.0;  // from here down by the continued fraction
constexpr int fractions = 60;

/// h(z) = density(z) + z distribution(z), by its logarithm, with density / h and distribution / h.
struct Hope {
  double log = 0.0;
  double density = 0.0;
  double distribution = 0.0;
};

Hope hope(double z) {
  const double log_density = -0.5 * z * z - log_of_sqrt_2pi;
  if (z > tail) {
    const double density = elementary::exp(log_density);
    const double distribution = elementary::normal_distribution(z);
    const double h = density + z * distribution;
    return {elementary::log(h), density / h, distribution / h};
  }
  // distribution(-x) / density(x) = 1 / (x + t) with t = 1 / (x + 2 / (x + 3 / (x + ...))), so h = density t / (x + t).
  const double x = -z;
  double t = 0.0;
  for (int k = fractions; k >= 1; --k) t = k / (x + t);
  // The first fraction is 1 / x itself: t is what stands under it.
  return {log_density + elementary::log(t / (x + t)), (x + t) / t, 1.0 / t};
}

}  // namespace

LogImprovement log_expected_improvement(const Posterior& f, double best) {
  const double deviation = std::sqrt(f.variance);
  const Hope h = hope((best - f.mean) / deviation);
  // d EI / d mean = -distribution, d EI / d deviation = density; EI = deviation h.
  return {elementary::log(deviation) + h.log, -h.distribution / deviation, h.density / deviation * (0.5 / deviation)};
}

}  // namespace shoal
