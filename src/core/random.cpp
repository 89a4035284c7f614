#include "shoal/core/random.hpp"

#include <Random123/philox.h>

#include <cmath>

#include "shoal/core/elementary.hpp"

namespace shoal {
namespace {

constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

/// Horner's rule, from the highest coefficient down.
template <std::size_t N>
double polynomial(const double (&coefficients)[N], double x) {
  double p = coefficients[0];
  for (std::size_t i = 1; i < N; ++i) p = std::fma(p, x, coefficients[i]);
  return p;
}

/// Inverse of the standard normal distribution function, p in (0, 1), relative error below 1.2e-9, then one step of
/// Halley's rule. Source: P. J. Acklam, An algorithm for computing the inverse normal cumulative distribution (2003).
double inverse_normal(double p) {
  static constexpr double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                                 1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  static constexpr double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                                 6.680131188771972e+01,  -1.328068155288572e+01, 1.0};
  static constexpr double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                                 -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  static constexpr double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                                 3.754408661907416e+00, 1.0};
  const bool upper = p > 0.5;
  const double tail = upper ? 1.0 - p : p;  // by symmetry, x <= 0
  double x = 0.0;
  if (tail < 0.02425) {
    const double q = std::sqrt(-2.0 * elementary::log(tail));
    x = polynomial(c, q) / polynomial(d, q);
  } else {
    const double q = tail - 0.5;
    const double r = q * q;
    x = polynomial(a, r) * q / polynomial(b, r);
  }
  if (x > -5.0) {
    const double e = 0.5 * (1.0 + elementary::erf(x * 0.7071067811865476)) - tail;
    const double u = e * 2.5066282746310002 * elementary::exp(0.5 * x * x);
    x -= u / (1.0 + 0.5 * x * u);
  }
  return upper ? -x : x;
}

}  // namespace

RandomSource::RandomSource(std::uint64_t seed, Purpose purpose, std::uint64_t index, std::uint32_t lane) {
  const auto derived = r123::Philox4x32()({{static_cast<std::uint32_t>(purpose), lane, low(index), high(index)}},
                                          {{low(seed), high(seed)}});
  key_ = {derived[0], derived[1]};
}

std::array<std::uint32_t, 4> RandomSource::block(std::uint64_t item, std::uint64_t block) const {
  const auto words = r123::Philox4x32()({{low(item), high(item), low(block), high(block)}}, {{key_[0], key_[1]}});
  return {words[0], words[1], words[2], words[3]};
}

std::uint64_t RandomSource::bits(std::uint64_t item, std::uint64_t element) const {
  const auto words = block(item, element / 2);
  const std::size_t at = element % 2 == 0 ? 0 : 2;
  return (static_cast<std::uint64_t>(words[at + 1]) << 32) | words[at];
}

double RandomSource::uniform(std::uint64_t item, std::uint64_t element) const {
  return static_cast<double>(bits(item, element) >> 11) * 0x1p-53;
}

std::uint64_t RandomSource::below(std::uint64_t bound, std::uint64_t item, std::uint64_t element) const {
  // The high half of a 64 x 64 bit product: biased by less than bound / 2^64.
  const std::uint64_t x = bits(item, element);
  const std::uint64_t cross =
      (x >> 32) * (bound & 0xffffffffULL) + (((x & 0xffffffffULL) * (bound & 0xffffffffULL)) >> 32);
  const std::uint64_t other = (x & 0xffffffffULL) * (bound >> 32) + (cross & 0xffffffffULL);
  return (x >> 32) * (bound >> 32) + (cross >> 32) + (other >> 32);
}

double RandomSource::normal(std::uint64_t item, std::uint64_t element) const {
  // The middle of one of 2^52 cells, so that 0 and 1 cannot come out.
  return inverse_normal(static_cast<double>(bits(item, element) >> 12) * 0x1p-52 + 0x1p-53);
}

}  // namespace shoal
