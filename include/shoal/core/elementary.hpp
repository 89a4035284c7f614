#pragma once

// Elementary functions with the same bits on every processor with IEEE arithmetic: the C library's choose an
// implementation by processor at run time. Every product that is fused is an explicit std::fma. Accurate to 1-2 ulp,
// the inverse normal to 1e-15 relative in the bulk. Those of single precision are functions of tensor/elementwise.hpp.

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace shoal::elementary {

/// 2^k for k in [-1022, 1023].
inline double exp2_integer(std::int64_t k) { return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52); }

/// e^x: x = k ln 2 + r with |r| <= ln 2 / 2, then the Taylor polynomial of degree 13 (remainder below 5e-18).
inline double exp(double x) {
  const double inside = x > 710.0 ? 710.0 : (x > -746.0 ? x : -746.0);  // NaN too
  const double k = std::floor(std::fma(inside, 1.4426950408889634, 0.5));
  const double r = std::fma(k, -1.9082149292705877e-10, std::fma(k, -6.93147180369123816490e-01, inside));
  double p = 1.0 / 6227020800.0;
  p = std::fma(p, r, 1.0 / 479001600.0);
  p = std::fma(p, r, 1.0 / 39916800.0);
  p = std::fma(p, r, 1.0 / 3628800.0);
  p = std::fma(p, r, 1.0 / 362880.0);
  p = std::fma(p, r, 1.0 / 40320.0);
  p = std::fma(p, r, 1.0 / 5040.0);
  p = std::fma(p, r, 1.0 / 720.0);
  p = std::fma(p, r, 1.0 / 120.0);
  p = std::fma(p, r, 1.0 / 24.0);
  p = std::fma(p, r, 1.0 / 6.0);
  p = std::fma(p, r, 0.5);
  p = std::fma(p, r, 1.0);
  p = std::fma(p, r, 1.0);
  const auto n = static_cast<std::int32_t>(k);
  const std::int32_t half = n / 2;  // in two steps, so that subnormal results are reached
  const double result = p * exp2_integer(std::int64_t{half}) * exp2_integer(std::int64_t{n} - half);
  return x == x ? result : x;
}

/// Natural logarithm of 2^k x, for a normal x > 0: x = 2^j m with m in [sqrt(1/2), sqrt(2)), then 2 atanh((m - 1) / (m
/// + 1)). Without branches, so that compilers make vectors of it.
inline double log_of_normal(double x, std::int32_t k = 0) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const double whole = std::bit_cast<double>((bits & 0x000fffffffffffffULL) | 0x3ff0000000000000ULL);
  const bool high = whole > 1.4142135623730951;
  const double m = high ? whole * 0.5 : whole;
  k += static_cast<std::int32_t>(bits >> 52) - 1023 + static_cast<std::int32_t>(high);
  const double f = m - 1.0;
  const double s = f / (m + 1.0);
  const double z = s * s;
  double p = 1.0 / 21.0;
  p = std::fma(p, z, 1.0 / 19.0);
  p = std::fma(p, z, 1.0 / 17.0);
  p = std::fma(p, z, 1.0 / 15.0);
  p = std::fma(p, z, 1.0 / 13.0);
  p = std::fma(p, z, 1.0 / 11.0);
  p = std::fma(p, z, 1.0 / 9.0);
  p = std::fma(p, z, 1.0 / 7.0);
  p = std::fma(p, z, 1.0 / 5.0);
  p = std::fma(p, z, 1.0 / 3.0);
  // log m = 2 s + 2 s z p = f - s (f - 2 z p): f is exact, the correction small.
  const double log_m = f - s * (f - 2.0 * z * p);
  const auto kd = static_cast<double>(k);
  return std::fma(kd, 6.93147180369123816490e-01, std::fma(kd, 1.90821492927058770002e-10, log_m));
}

/// Natural logarithm of any number.
inline double log(double x) {
  if (!(x > 0)) return x == 0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::quiet_NaN();
  if (x == std::numeric_limits<double>::infinity()) return x;
  if (x >= std::numeric_limits<double>::min()) return log_of_normal(x);
  return log_of_normal(x * 18014398509481984.0, -54);  // times 2^54
}

/// cos(pi x) for any finite x. Exact at multiples of 1/2.
inline double cos_pi(double x) {
  x = std::fabs(x);
  x -= 2.0 * std::floor(0.5 * x);  // [0, 2)
  if (x > 1.0) x = 2.0 - x;        // [0, 1]
  const bool negative = x > 0.5;
  if (negative) x = 1.0 - x;  // [0, 0.5]
  constexpr double pi = 3.14159265358979323846;
  const bool as_sine = x > 0.25;  // cos(pi x) = sin(pi (1/2 - x))
  const double a = pi * (as_sine ? 0.5 - x : x);
  const double z = a * a;
  double p = 0.0;
  if (as_sine) {
    p = -1.0 / 1307674368000.0;
    p = std::fma(p, z, 1.0 / 6227020800.0);
    p = std::fma(p, z, -1.0 / 39916800.0);
    p = std::fma(p, z, 1.0 / 362880.0);
    p = std::fma(p, z, -1.0 / 5040.0);
    p = std::fma(p, z, 1.0 / 120.0);
    p = std::fma(p, z, -1.0 / 6.0);
    p = std::fma(a * z, p, a);
  } else {
    p = 1.0 / 20922789888000.0;
    p = std::fma(p, z, -1.0 / 87178291200.0);
    p = std::fma(p, z, 1.0 / 479001600.0);
    p = std::fma(p, z, -1.0 / 3628800.0);
    p = std::fma(p, z, 1.0 / 40320.0);
    p = std::fma(p, z, -1.0 / 720.0);
    p = std::fma(p, z, 1.0 / 24.0);
    p = std::fma(p, z, -0.5);
    p = std::fma(p, z, 1.0);
  }
  return negative ? -p : p;
}

/// base^exponent for a whole exponent >= 0, by squaring.
inline double power(double base, std::uint64_t exponent) {
  double result = 1.0;
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result *= base;
    base *= base;
  }
  return result;
}

/// Error function, by a series of positive terms: erf x = 2/sqrt(pi) x e^(-x^2) sum_n (2 x^2)^n / (2n + 1)!!.
inline double erf(double x) {
  if (!(std::fabs(x) < 6.0)) return x > 0 ? 1.0 : (x < 0 ? -1.0 : x);
  const double z = 2.0 * x * x;
  double term = 1.0;
  double sum = 1.0;
  for (int n = 1; n < 200 && term > sum * 1e-17; ++n) {
    term *= z / (2.0 * n + 1.0);
    sum += term;
  }
  return 1.1283791670955126 * x * exp(-x * x) * sum;
}

/// tanh x = 1 - 2 / (e^2x + 1), by its series near 0, where that would cancel.
inline double tanh(double x) {
  if (std::fabs(x) < 0.05) {
    const double z = x * x;
    double p = 21844.0 / 6081075.0;
    p = std::fma(p, z, -1382.0 / 155925.0);
    p = std::fma(p, z, 62.0 / 2835.0);
    p = std::fma(p, z, -17.0 / 315.0);
    p = std::fma(p, z, 2.0 / 15.0);
    p = std::fma(p, z, -1.0 / 3.0);
    return std::fma(x * z, p, x);
  }
  const double e = exp(-2.0 * std::fabs(x));
  const double t = (1.0 - e) / (1.0 + e);
  return x < 0 ? -t : t;
}

/// 1 / (1 + e^-x), without overflow.
inline double sigmoid(double x) {
  const double e = exp(-std::fabs(x));
  return x < 0 ? e / (1.0 + e) : 1.0 / (1.0 + e);
}

/// log(1 + x) for x >= 0, accurate near 0. Source: Goldberg, What every computer scientist should know (1991),
/// theorem 4.
inline double log1p(double x) {
  const double u = 1.0 + x;
  return u == 1.0 ? x : log_of_normal(u) * (x / (u - 1.0));
}

/// The standard normal distribution function.
inline double normal_distribution(double x) { return 0.5 * (1.0 + erf(x * 0.7071067811865476)); }

}  // namespace shoal::elementary
