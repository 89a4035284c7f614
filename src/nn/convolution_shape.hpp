#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "shoal/nn/convolution.hpp"
#include "shoal/tensor/panels.hpp"

namespace shoal {

/// The taps of a sum, beside each other in one dimension, of which those inside of the image count.
struct TapRun {
  std::int64_t all = 0;
  std::int64_t first = 0;  ///< taps [first, end) are inside
  std::int64_t end = 0;
  std::int64_t position = 0;  ///< of tap `first`, in the image
  std::int64_t phase = 0;

  /// @param begin  position of the first tap, which may be outside of [0, size)
  static TapRun of(std::int64_t begin, std::int64_t taps, std::int64_t size, std::int64_t phase);
};

/// One dimension of a convolution: which positions of the input an output sees, and which outputs see an input.
struct ConvolutionAxis {
  std::int64_t in = 1;
  std::int64_t out = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t before = 0;  ///< zeros before the input

  static ConvolutionAxis of(std::int64_t in, std::int64_t kernel, std::int64_t stride, bool same);

  /// Of the input, one position in step() is laid out: a kernel of one position sees no others.
  std::int64_t step() const { return kernel == 1 ? stride : 1; }
  /// Positions of the padded input, laid out, from what an output sees to what the next one does.
  std::int64_t pitch() const { return stride / step(); }
  /// Positions of the input that are laid out.
  std::int64_t laid_out() const { return (in + step() - 1) / step(); }
  /// Positions of the padded input that outputs see.
  std::int64_t padded() const { return (out - 1) * pitch() + kernel; }

  /// The position of the input that output i sees by a tap; it is inside for outputs [first_output, end_output).
  std::int64_t input(std::int64_t i, std::int64_t tap) const { return i * stride + tap - before; }
  std::int64_t first_output(std::int64_t tap) const {
    return std::min(out, (std::max<std::int64_t>(0, before - tap) + stride - 1) / stride);
  }
  std::int64_t end_output(std::int64_t tap) const {
    const std::int64_t last = in - 1 + before - tap;
    return last < 0 ? 0 : std::min(out, last / stride + 1);
  }

  // The gradient of an input at i: with i + before = m * stride + phase, it is a sum over the taps of its phase, of
  // which tap t is kernel position phase + t * stride and belongs to output m - t.
  std::int64_t phases() const { return std::min(stride, in + before); }  ///< that inputs have
  std::int64_t phase(std::int64_t i) const { return (i + before) % stride; }
  std::int64_t latest(std::int64_t i) const { return (i + before) / stride; }  ///< m
  std::int64_t taps(std::int64_t phase) const { return phase < kernel ? (kernel - phase + stride - 1) / stride : 0; }

  /// Of the sum that makes output i, in the input as it is laid out.
  TapRun taps_of_output(std::int64_t i) const { return TapRun::of(i * pitch() - before, kernel, laid_out(), 0); }
  /// Of the gradient of an input at i, in the outputs: its taps from the last to the first.
  TapRun taps_of_input(std::int64_t i) const {
    const std::int64_t count = taps(phase(i));
    return TapRun::of(latest(i) + 1 - count, count, out, phase(i));
  }
};

/// A convolution of images of one shape.
struct ConvolutionShape {
  ConvolutionAxis y, x;
  std::int64_t channels = 1;
  std::int64_t units = 1;
  std::int64_t groups = 1;

  /// @throws Error(usage)  naming shapes that do not fit
  static ConvolutionShape of(const ValueShape& image, const ValueShape& weight, const ConvolutionOptions& options);

  std::int64_t group_channels() const { return channels / groups; }
  std::int64_t group_units() const { return units / groups; }
  /// Whether each channel has one kernel of its own.
  bool channelwise() const { return groups > 1 && groups == channels && groups == units; }
  /// Channels of an image as it is laid out: those of a group, or of a panel at a time where each channel is a group.
  std::int64_t image_channels(std::int64_t of_group) const { return channelwise() ? panel_width : of_group; }
  std::int64_t weight_rows() const { return y.kernel * x.kernel * group_channels(); }
};

/// Some channels of the images of one sample, laid out (positions, channels) with zeros around: `before` positions
/// above and left of the image, `height` x `width` in all; what would lie outside is left out.
struct PaddedImage {
  std::int64_t first_channel = 0;
  std::int64_t channels = 1;
  std::int64_t before_y = 0;
  std::int64_t before_x = 0;
  std::int64_t height = 1;
  std::int64_t width = 1;
  std::int64_t step_y = 1;  ///< of the image, one row in so many
  std::int64_t step_x = 1;

  std::int64_t size() const { return height * width * channels; }
  bool skips() const { return step_y * step_x > 1; }
};

}  // namespace shoal
