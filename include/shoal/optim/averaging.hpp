#pragma once

#include <cstdint>
#include <span>

namespace shoal {

/// What of an exponential average is replaced by the values after update `step` (from 1): 1 - decay, but 9 / (step + 9)
/// where that is more, so that the average of a short run is not of its start. As TensorFlow's
/// ExponentialMovingAverage(decay, num_updates = step - 1).
double average_share(double decay, std::int64_t step);

/// average += share * (values - average), each element by itself: how an array is cut into runs changes no bit.
void move_average(double share, std::span<const float> values, std::span<float> average);
void move_average(double share, std::span<const double> values, std::span<double> average);

}  // namespace shoal
