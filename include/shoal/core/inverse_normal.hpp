#pragma once

// The inverse of the standard normal distribution function, in parts, so that one number and whole rows of them take
// the same arithmetic. p in (0, 1), relative error below 1.2e-9, then one step of Halley's rule.
// Source: P. J. Acklam, An algorithm for computing the inverse normal cumulative distribution (2003).

#include <cmath>
#include <cstddef>

#include "shoal/core/elementary.hpp"

namespace shoal::inverse_normal {

/// Horner's rule, from the highest coefficient down.
template <std::size_t N>
inline double polynomial(const double (&coefficients)[N], double x) {
  double p = coefficients[0];
  for (std::size_t i = 1; i < N; ++i) p = std::fma(p, x, coefficients[i]);
  return p;
}

/// Below it the curve has a tail of its own; beyond the other, Halley's rule would gain nothing.
inline constexpr double tail_ends = 0.02425;
inline constexpr double polished_from = -5.0;

/// For p in [tail_ends, 1/2].
inline double middle(double p) {
  constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                          1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                          6.680131188771972e+01,  -1.328068155288572e+01, 1.0};
  const double q = p - 0.5;
  const double r = q * q;
  return polynomial(a, r) * q / polynomial(b, r);
}

/// For p in (0, tail_ends).
inline double tail(double p) {
  constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                          -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00,
                          1.0};
  const double q = std::sqrt(-2.0 * elementary::log(p));
  return polynomial(c, q) / polynomial(d, q);
}

/// What erf is asked for at x.
inline double for_erf(double x) { return x * 0.7071067811865476; }

/// One step of Halley's rule. erf: at for_erf(x).
inline double polished(double x, double p, double erf) {
  const double e = 0.5 * (1.0 + erf) - p;
  const double u = e * 2.5066282746310002 * elementary::exp(0.5 * x * x);
  return x - u / (1.0 + 0.5 * x * u);
}

}  // namespace shoal::inverse_normal
