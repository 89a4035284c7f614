#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "image.hpp"

namespace shoal {

/// Along one axis, which pixels a pixel of the result is the mean of, and with which weights: a triangle about its
/// centre that reaches one pixel of the coarser grid to each side, so that shrinking averages and enlarging
/// interpolates. In whole numbers: weight(i) = 2 max(n, m) - |(2 i + 1) m - (2 j + 1) n| where it is above 0, for pixel
/// j of m from n. Where n = m, pixel j alone.
struct Taps {
  std::int64_t first = 0;
  std::vector<std::int64_t> weights;
  std::int64_t sum = 0;

  std::int64_t end() const { return first + static_cast<std::int64_t>(weights.size()); }
};
std::vector<Taps> taps_of(std::int64_t from, std::int64_t to);

/// Lays an image into one of fixed size, planes behind each other (channels, height, width): the shape is stretched,
/// not cut. Colours become gray as (19595 R + 38470 G + 7471 B + 32768) / 65536 rounded down (ITU-R 601-2), gray is
/// repeated as three colours. First along rows, rounded to 1/256, then along columns, halves up: whole numbers
/// throughout.
class Resizer final : public RowReceiver {
 public:
  /// @param out  channels * height * width, filled when the last row has come
  Resizer(const ImageSize& to, std::span<std::uint8_t> out) : to_(to), out_(out) {}

  void begin(const ImageSize& from) override;
  void row(std::span<const std::uint8_t> pixels) override;

 private:
  std::span<const std::uint8_t> in_channels(std::span<const std::uint8_t> pixels);
  void narrow(std::span<const std::uint8_t> pixels);
  void finish_row(std::int64_t j);

  ImageSize to_;
  std::span<std::uint8_t> out_;
  ImageSize from_;
  std::int64_t y_ = 0;
  std::vector<std::uint8_t> converted_;
  std::vector<Taps> across_;
  std::vector<Taps> down_;
  std::int64_t open_ = 0;             // the first row of the result that is not complete
  std::vector<std::int64_t> narrow_;  // one row, (width, channels), in 1/256
  std::vector<std::int64_t> sums_;    // rows of the result, (height, width, channels)
};

}  // namespace shoal
