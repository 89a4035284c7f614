#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "shoal/tensor/panels.hpp"

namespace shoal {

/// A float64 as two values, so that it keeps its digits beside floats.
template <class T>
struct HighLow {
  T high = T{0};
  T low = T{0};

  HighLow() = default;
  explicit HighLow(double value)
      : high(static_cast<T>(value)), low(static_cast<T>(value - static_cast<double>(high))) {}
  double value() const { return static_cast<double>(high) + static_cast<double>(low); }
};

/// What makes values of mean 0 and variance 1 of those of a row, or of a group of channels.
template <class T>
struct NormalValues {
  HighLow<T> mean;
  T inverse_deviation = T{0};

  NormalValues() = default;
  NormalValues(double mean_of, double variance, double epsilon)
      : mean(mean_of), inverse_deviation(static_cast<T>(1.0 / std::sqrt(variance + epsilon))) {}
  T of(T x) const { return ((x - mean.high) - mean.low) * inverse_deviation; }
};

/// Sum of f(0) ... f(count - 1), of up to 32, in a fixed order of eight chains.
template <class F>
double fold(std::int64_t count, F f) {
  std::array<double, 8> part{};
  for (std::int64_t c = 0; c < count; ++c) part[static_cast<std::size_t>(c % 8)] += f(c);
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

}  // namespace shoal
