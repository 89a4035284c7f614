#pragma once

#include <algorithm>
#include <cstdint>

#include "nn/convolution_shape.hpp"
#include "shoal/graph/operation.hpp"
#include "shoal/tensor/convolution.hpp"

namespace shoal {

/// Rows [first, first + rows) of the padded image of one sample into `to`, (rows, width, channels).
/// @param images  rows of the samples' images, `image_height` x `image_width` positions each
/// @param sample  counted from the first of `images`
template <class T>
void lay_out(const Rows<const T>& images, std::int64_t image_height, std::int64_t image_width, std::int64_t sample,
             const PaddedImage& padded, std::int64_t first, std::int64_t rows, T* to) {
  const std::int64_t line = padded.width * padded.channels;
  const std::int64_t left = std::min(padded.before_x, padded.width);
  const std::int64_t seen = (image_width + padded.step_x - 1) / padded.step_x;
  const std::int64_t inside = std::clamp<std::int64_t>(padded.width - left, 0, seen);
  const std::int64_t end_channel = padded.first_channel + padded.channels;
  for (std::int64_t r = first; r < first + rows; ++r, to += line) {
    const std::int64_t i = (r - padded.before_y) * padded.step_y;
    if (i < 0 || i >= image_height) {
      std::fill_n(to, line, T{0});
      continue;
    }
    std::fill_n(to, left * padded.channels, T{0});
    std::fill_n(to + (left + inside) * padded.channels, line - (left + inside) * padded.channels, T{0});
    for (std::int64_t c = padded.first_channel; c < end_channel;) {
      const std::int64_t panel = c / panel_width;
      const std::int64_t count = std::min(end_channel, (panel + 1) * panel_width) - c;
      const T* from = images.tile(panel) + (sample * images.sample_rows + i * image_width) * images.panels.pitch;
      copy_columns(inside, count, from + c % panel_width, padded.step_x * images.panels.pitch,
                   to + left * padded.channels + (c - padded.first_channel), padded.channels);
      c += count;
    }
  }
}

}  // namespace shoal
