#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "nn/convolution_shape.hpp"
#include "shoal/tensor/convolution.hpp"

namespace shoal {

/// Sums of a convolution that go over the same taps: over all of the kernel, or beside an edge over those inside of the
/// image. What is outside would add zeros, and is left out.
struct SumPlan {
  // Of SumPlans::samples samples, those of one before the next.
  std::vector<std::int64_t> from;  ///< where its first tap is in the images, which follow each other
  std::vector<std::int64_t> to;    ///< its row of the result
  std::vector<Stretch> stretches;
  std::int64_t places_each = 0;  ///< of a sample

  Places places(std::int64_t samples) const {
    const auto count = static_cast<std::size_t>(samples * places_each);
    return {std::span(from).first(count), std::span(to).first(count)};
  }
};

/// All sums of a sample, as those of some samples at a time: of small images few sums are alike.
struct SumPlans {
  std::int64_t samples = 1;
  std::vector<SumPlan> plans;
};

/// The outputs, over the image of one group's channels, or of a panel's where each channel is a group.
SumPlans sums_of_outputs(const ConvolutionShape& shape);
/// The gradient of the input over that of the outputs, likewise; the weight is turned round: for each phase, rows
/// before columns, its taps from the last to the first.
SumPlans sums_of_inputs(const ConvolutionShape& shape);

/// Rows of a weight whose gradients are summed together: channels of one tap, in one panel of the input.
struct TapRows {
  std::int64_t first = 0;  ///< row of the weight
  std::int64_t count = 0;
  std::int64_t channel = 0;  ///< of the input
  // Outputs for which the tap is inside of the image: in rows [top, bottom) so many from column `left` on.
  std::int64_t top = 0;
  std::int64_t bottom = 0;
  std::int64_t left = 0;
  std::int64_t width = 0;
  std::int64_t position = 0;  ///< of the input, which output (top, left) sees
};

/// The gradient of rows [first, first + count) of the weight, over channels of the input from `first_channel` on.
std::vector<TapRows> sums_of_weight(const ConvolutionShape& shape, std::int64_t first_channel, std::int64_t first,
                                    std::int64_t count);

}  // namespace shoal
