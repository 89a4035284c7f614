#include "shoal/optim/clipping.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace shoal {

double sum_of_squares(std::span<const float> gradient_sum, float batch) {
  constexpr std::size_t width = 32;
  std::array<double, width> lanes{};
  for (std::size_t begin = 0; begin < gradient_sum.size(); begin += width) {
    const std::size_t n = std::min(width, gradient_sum.size() - begin);
    for (std::size_t j = 0; j < n; ++j) {
      const double q = gradient_sum[begin + j] / batch;
      lanes[j] += q * q;
    }
  }
  for (std::size_t half = width / 2; half > 0; half /= 2) {
    for (std::size_t j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

double clip_factor(double norm_squared, double clip_norm) {
  if (clip_norm == 0.0) return 1.0;
  const double factor = clip_norm / (std::sqrt(norm_squared) + 1e-6);
  return factor > 1.0 ? 1.0 : factor;  // not std::min, which would make 1 of NaN
}

}  // namespace shoal
