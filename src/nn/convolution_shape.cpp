#include "nn/convolution_shape.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shoal/core/error.hpp"

namespace shoal {

TapRun TapRun::of(std::int64_t begin, std::int64_t taps, std::int64_t size, std::int64_t phase) {
  const std::int64_t first = std::clamp<std::int64_t>(-begin, 0, taps);
  const std::int64_t end = std::clamp(size - begin, first, taps);
  return {taps, first, end, begin + first, phase};
}

ConvolutionAxis ConvolutionAxis::of(std::int64_t in, std::int64_t kernel, std::int64_t stride, bool same) {
  const std::int64_t padding = same ? kernel - 1 : 0;
  const std::int64_t room = in + padding - kernel;
  return {in, room < 0 ? 0 : room / stride + 1, kernel, stride, padding / 2};
}

ConvolutionShape ConvolutionShape::of(const ValueShape& image, const ValueShape& w, const ConvolutionOptions& o) {
  constexpr std::int64_t most_positions = std::int64_t{1} << 26;
  ConvolutionShape s;
  s.channels = image.columns;
  s.units = w.columns;
  s.groups = o.groups;
  if (!image.per_sample) throw Error(ExitStatus::usage, "conv takes an image of each sample, not " + to_string(image));
  if (o.groups < 1 || s.channels % o.groups != 0 || s.units % o.groups != 0)
    throw Error(ExitStatus::usage,
                fmt::format("conv: {} groups do not divide {} channels and {} units", o.groups, s.channels, s.units));
  if (o.kernel_height < 1 || o.kernel_width < 1 || o.stride < 1)
    throw Error(ExitStatus::usage, fmt::format("conv: a kernel of {} x {} with stride {}; each must be 1 or more",
                                               o.kernel_height, o.kernel_width, o.stride));
  if (image.rows > most_positions)
    throw Error(ExitStatus::usage,
                fmt::format("conv: {} has more than {} positions", to_string(image), most_positions));
  s.y = ConvolutionAxis::of(image.height(), o.kernel_height, o.stride, o.same_padding);
  s.x = ConvolutionAxis::of(image.width, o.kernel_width, o.stride, o.same_padding);
  if (s.y.out < 1 || s.x.out < 1)
    throw Error(ExitStatus::usage, fmt::format("conv: a kernel of {} x {} does not fit into {}", o.kernel_height,
                                               o.kernel_width, to_string(image)));
  if (w.per_sample || w.rows != s.weight_rows())
    throw Error(ExitStatus::usage, fmt::format("conv: the weight is {}; for {} it must be ({}, {})", to_string(w),
                                               to_string(image), s.weight_rows(), s.units));
  return s;
}

}  // namespace shoal
