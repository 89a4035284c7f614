#include "resize.hpp"

#include <algorithm>
#include <cstdlib>

namespace shoal {

std::vector<Taps> taps_of(std::int64_t from, std::int64_t to) {
  const std::int64_t reach = 2 * std::max(from, to);
  std::vector<Taps> result(static_cast<std::size_t>(to));
  for (std::int64_t j = 0; j < to; ++j) {
    Taps& taps = result[static_cast<std::size_t>(j)];
    // The first i with (2 j + 1) from - (2 i + 1) to < reach; rounding down starts early enough.
    std::int64_t i = std::max<std::int64_t>(0, ((2 * j + 1) * from - reach) / (2 * to) - 1);
    for (; i < from; ++i) {
      const std::int64_t distance = (2 * i + 1) * to - (2 * j + 1) * from;
      if (distance >= reach) break;
      const std::int64_t weight = reach - std::abs(distance);
      if (weight <= 0) continue;
      if (taps.weights.empty()) taps.first = i;
      taps.weights.push_back(weight);
      taps.sum += weight;
    }
  }
  return result;
}

void Resizer::begin(const ImageSize& from) {
  from_ = from;
  if (from.channels != to_.channels) converted_.resize(static_cast<std::size_t>(from.width * to_.channels));
  if (from.width == to_.width && from.height == to_.height) return;
  across_ = taps_of(from.width, to_.width);
  down_ = taps_of(from.height, to_.height);
  narrow_.resize(static_cast<std::size_t>(to_.width * to_.channels));
  sums_.assign(narrow_.size() * static_cast<std::size_t>(to_.height), 0);
}

std::span<const std::uint8_t> Resizer::in_channels(std::span<const std::uint8_t> pixels) {
  if (converted_.empty()) return pixels;
  const auto width = static_cast<std::size_t>(from_.width);
  for (std::size_t x = 0; x < width; ++x) {
    if (to_.channels == 3) {
      std::fill_n(converted_.begin() + static_cast<std::ptrdiff_t>(3 * x), 3, pixels[x]);
    } else {
      const std::uint8_t* const p = pixels.data() + 3 * x;
      converted_[x] = static_cast<std::uint8_t>((19595U * p[0] + 38470U * p[1] + 7471U * p[2] + 32768U) >> 16U);
    }
  }
  return converted_;
}

void Resizer::narrow(std::span<const std::uint8_t> pixels) {
  const auto channels = static_cast<std::size_t>(to_.channels);
  for (std::size_t j = 0; j < across_.size(); ++j) {
    const Taps& taps = across_[j];
    const std::uint8_t* const from = pixels.data() + static_cast<std::size_t>(taps.first) * channels;
    for (std::size_t c = 0; c < channels; ++c) {
      std::int64_t sum = 0;
      for (std::size_t t = 0; t < taps.weights.size(); ++t) sum += taps.weights[t] * from[t * channels + c];
      narrow_[j * channels + c] = (256 * sum + taps.sum / 2) / taps.sum;
    }
  }
}

/// Row j of the result is complete.
void Resizer::finish_row(std::int64_t j) {
  const std::int64_t whole = 256 * down_[static_cast<std::size_t>(j)].sum;
  const auto width = static_cast<std::size_t>(to_.width);
  const auto channels = static_cast<std::size_t>(to_.channels);
  const std::int64_t* const sums = sums_.data() + static_cast<std::size_t>(j) * width * channels;
  for (std::size_t c = 0; c < channels; ++c) {
    std::uint8_t* const out =
        out_.data() + (c * static_cast<std::size_t>(to_.height) + static_cast<std::size_t>(j)) * width;
    for (std::size_t x = 0; x < width; ++x)
      out[x] = static_cast<std::uint8_t>((sums[x * channels + c] + whole / 2) / whole);
  }
}

void Resizer::row(std::span<const std::uint8_t> pixels) {
  pixels = in_channels(pixels);
  const std::int64_t y = y_++;
  const auto width = static_cast<std::size_t>(to_.width);
  const auto channels = static_cast<std::size_t>(to_.channels);
  if (across_.empty()) {
    for (std::size_t c = 0; c < channels; ++c) {
      std::uint8_t* const out =
          out_.data() + (c * static_cast<std::size_t>(to_.height) + static_cast<std::size_t>(y)) * width;
      for (std::size_t x = 0; x < width; ++x) out[x] = pixels[x * channels + c];
    }
    return;
  }
  narrow(pixels);
  for (std::int64_t j = open_; j < to_.height && down_[static_cast<std::size_t>(j)].first <= y; ++j) {
    const Taps& taps = down_[static_cast<std::size_t>(j)];
    const std::int64_t weight = taps.weights[static_cast<std::size_t>(y - taps.first)];
    std::int64_t* const sums = sums_.data() + static_cast<std::size_t>(j) * narrow_.size();
    for (std::size_t i = 0; i < narrow_.size(); ++i) sums[i] += weight * narrow_[i];
    if (y + 1 < taps.end()) continue;
    finish_row(j);
    open_ = j + 1;
  }
}

}  // namespace shoal
