#include "shoal/optim/averaging.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace shoal {
namespace {

template <class T>
void move_by(T share, std::span<const T> values, std::span<T> average) {
  assert(values.size() == average.size());
  for (std::size_t i = 0; i < average.size(); ++i) average[i] += share * (values[i] - average[i]);
}

}  // namespace

double average_share(double decay, std::int64_t step) {
  assert(step >= 1);
  return std::max(1.0 - decay, 9.0 / (static_cast<double>(step) + 9.0));
}

void move_average(double share, std::span<const float> values, std::span<float> average) {
  move_by(static_cast<float>(share), values, average);
}

void move_average(double share, std::span<const double> values, std::span<double> average) {
  move_by(share, values, average);
}

}  // namespace shoal
