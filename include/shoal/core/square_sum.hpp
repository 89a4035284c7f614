#pragma once

#include <limits>

namespace shoal {

/// A sum of squares of differences that is 0 only where all differences are: where the square of this one was too small
/// for a double, the least normal one.
inline double square_sum(double sum, double difference) {
  return sum == 0.0 && difference != 0.0 ? std::numeric_limits<double>::min() : sum;
}

}  // namespace shoal
