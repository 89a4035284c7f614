#include "shoal/data/image_layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include "contents.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// The number of each channel. @throws Error(bad_data)
std::vector<double> by_channel(const std::vector<double>& features, std::int64_t positions) {
  assert(static_cast<std::int64_t>(features.size()) % positions == 0);
  std::vector<double> found;
  for (auto first = features.begin(); first != features.end(); first += positions) {
    if (std::any_of(first, first + positions, [&](double v) { return v != *first; }))
      throw Error(
          ExitStatus::bad_data,
          fmt::format("the normalisation of channel {} differs from pixel to pixel, and a model of images takes "
                      "one for each channel; train it anew",
                      found.size()));
    found.push_back(*first);
  }
  return found;
}

}  // namespace

ImageLayout::ImageLayout(const Normalization& normalization, ElementType type, std::int64_t channels,
                         std::int64_t height, std::int64_t width)
    : height_(height),
      width_(width),
      mean_(static_cast<std::size_t>(channels), 0.0),
      scale_(static_cast<std::size_t>(channels), 1.0) {
  if (!normalization.mean.empty()) {
    mean_ = by_channel(normalization.mean, height * width);
    scale_ = by_channel(normalization.scale(), height * width);
  }
  for (std::size_t c = 0; c < mean_.size(); ++c) {
    black_.push_back(normalised(0.0, mean_[c], scale_[c]));
    if (type != ElementType::uint8) continue;
    std::array<float, 256>& table = of_byte_.emplace_back();
    for (std::size_t v = 0; v < table.size(); ++v) table[v] = normalised(static_cast<double>(v), mean_[c], scale_[c]);
  }
}

/// convert(c, k): number k of channel c.
template <class Convert>
void ImageLayout::lay_with(const Convert& convert, const ImageView& view, Panels<float> out,
                           std::int64_t sample) const {
  assert(out.columns == std::ssize(mean_));
  // Columns of the image that come from the sample: [from, to); the first of them is column `start` of it.
  const std::int64_t shift = view.flip ? -view.right : view.right;
  const std::int64_t from = std::clamp<std::int64_t>(-shift, 0, width_);
  const std::int64_t to = std::clamp<std::int64_t>(width_ - shift, from, width_);
  const std::int64_t step = view.flip ? -1 : 1;
  const std::int64_t start = (view.flip ? width_ - 1 - from : from) + view.right;
  for (std::int64_t p = 0; p < out.panels(); ++p) {
    const auto first = static_cast<std::size_t>(p * panel_width);
    const auto count = static_cast<std::size_t>(out.width(p));
    const float* const black = black_.data() + first;
    const auto darken = [&](float* at, std::int64_t pixels) {
      for (; pixels > 0; --pixels, at += panel_width) std::copy_n(black, count, at);
    };
    for (std::int64_t i = 0; i < height_; ++i) {
      float* const row = out.tile(p, (sample * height_ + i) * width_);
      const std::int64_t source = i + view.down;
      if (source < 0 || source >= height_) {
        darken(row, width_);
      } else {
        darken(row, from);
        darken(row + to * panel_width, width_ - to);
        for (std::size_t c = 0; c < count; ++c) {
          std::int64_t k = source * width_ + start;
          float* at = row + from * panel_width + c;
          for (std::int64_t j = from; j < to; ++j, k += step, at += panel_width) *at = convert(first + c, k);
        }
      }
      if (i >= view.cut_top && i < view.cut_bottom)
        std::memset(row + view.cut_left * panel_width, 0,
                    static_cast<std::size_t>((view.cut_right - view.cut_left) * panel_width) * sizeof(float));
    }
  }
}

bool ImageLayout::lay(const std::byte* numbers, ElementType type, const ImageView& view, Panels<float> out,
                      std::int64_t sample) const {
  const std::int64_t positions = height_ * width_;
  if (type == ElementType::uint8) {
    const auto convert = [&](std::size_t c, std::int64_t k) {
      return of_byte_[c][static_cast<std::size_t>(numbers[static_cast<std::int64_t>(c) * positions + k])];
    };
    lay_with(convert, view, out, sample);
    return true;
  }
  // What the view leaves out, too: a value is refused in whichever epoch it is read.
  bool finite = true;
  const auto normalise = [&]<class T>(T) {
    const auto value = [&](std::size_t c, std::int64_t k) {
      const std::size_t at = c * static_cast<std::size_t>(positions) + static_cast<std::size_t>(k);
      return normalised(static_cast<double>(element_at<T>(numbers + at * sizeof(T))), mean_[c], scale_[c]);
    };
    for (std::size_t c = 0; c < mean_.size(); ++c) {
      for (std::int64_t k = 0; k < positions; ++k) finite &= std::isfinite(value(c, k));
    }
    lay_with(value, view, out, sample);
  };
  if (type == ElementType::float32) {
    normalise(float{});
  } else {
    normalise(double{});
  }
  return finite;
}

void ImageLayout::lay_normalised(const float* numbers, const ImageView& view, Panels<float> out,
                                 std::int64_t sample) const {
  const std::int64_t positions = height_ * width_;
  lay_with([&](std::size_t c, std::int64_t k) { return numbers[static_cast<std::int64_t>(c) * positions + k]; }, view,
           out, sample);
}

}  // namespace shoal
