#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "nn/convolution_shape.hpp"
#include "shoal/graph/operation.hpp"

namespace shoal {

/// Copies `count` numbers from each of `positions` rows of a tile to rows of `stride` numbers.
template <class T>
void copy_rows(std::int64_t positions, std::int64_t count, const T* from, T* __restrict to, std::int64_t stride) {
  if (count == panel_width && stride == panel_width) {
    std::copy_n(from, positions * panel_width, to);
    return;
  }
  const auto copy = [&](auto n) {  // not by a call for each row
    for (std::int64_t i = 0; i < positions; ++i) {
      for (std::int64_t c = 0; c < n; ++c) to[i * stride + c] = from[i * panel_width + c];
    }
  };
  switch (count) {
    case panel_width: return copy(std::integral_constant<std::int64_t, panel_width>());
    case 16: return copy(std::integral_constant<std::int64_t, 16>());
    case 3: return copy(std::integral_constant<std::int64_t, 3>());
    case 1: return copy(std::integral_constant<std::int64_t, 1>());
    default: return copy(count);
  }
}

/// Rows [first, first + rows) of the padded image of one sample into `to`, (rows, width, channels).
/// @param images  rows of the samples' images, `image_height` x `image_width` positions each
/// @param sample  counted from the first of `images`
template <class T>
void lay_out(const Rows<const T>& images, std::int64_t image_height, std::int64_t image_width, std::int64_t sample,
             const PaddedImage& padded, std::int64_t first, std::int64_t rows, T* to) {
  const std::int64_t line = padded.width * padded.channels;
  const std::int64_t left = std::min(padded.before_x, padded.width);
  const std::int64_t inside = std::clamp<std::int64_t>(padded.width - left, 0, image_width);
  const std::int64_t end_channel = padded.first_channel + padded.channels;
  for (std::int64_t r = first; r < first + rows; ++r, to += line) {
    const std::int64_t i = r - padded.before_y;
    if (i < 0 || i >= image_height) {
      std::fill_n(to, line, T{0});
      continue;
    }
    std::fill_n(to, left * padded.channels, T{0});
    std::fill_n(to + (left + inside) * padded.channels, line - (left + inside) * padded.channels, T{0});
    for (std::int64_t c = padded.first_channel; c < end_channel;) {
      const std::int64_t panel = c / panel_width;
      const std::int64_t count = std::min(end_channel, (panel + 1) * panel_width) - c;
      const T* from = images.tile(panel) + (sample * images.sample_rows + i * image_width) * panel_width;
      copy_rows(inside, count, from + c % panel_width, to + left * padded.channels + (c - padded.first_channel),
                padded.channels);
      c += count;
    }
  }
}

}  // namespace shoal
