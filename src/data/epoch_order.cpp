#include "shoal/data/epoch_order.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <numeric>
#include <utility>

#include "shoal/core/random.hpp"

namespace shoal {
namespace {

constexpr std::int64_t small_split_bytes = std::int64_t{64} << 20;
constexpr std::int64_t held_split_bytes = std::int64_t{1} << 30;
constexpr std::int64_t held_split_rows = std::int64_t{1} << 24;
constexpr std::int64_t block_bytes = std::int64_t{256} << 10;
constexpr std::int64_t least_blocks = 64;
constexpr std::int64_t window_blocks = 16;

std::int64_t power_of_two_up_to(std::int64_t x) {
  return static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(std::max<std::int64_t>(1, x))));
}

/// Fisher-Yates; step i takes element i of `item`.
void shuffle(std::span<std::int64_t> values, const RandomSource& source, std::uint64_t item) {
  for (std::size_t i = values.size(); i-- > 1;) {
    std::swap(values[i], values[source.below(i + 1, item, i)]);
  }
}

}  // namespace

std::int64_t default_shuffle_block(std::int64_t rows, std::int64_t row_bytes) {
  row_bytes = std::max<std::int64_t>(1, row_bytes);
  if (rows <= small_split_bytes / row_bytes) return 1;
  if (rows <= std::min(held_split_bytes / row_bytes, held_split_rows)) return 1;
  return power_of_two_up_to(std::min(block_bytes / row_bytes, rows / least_blocks));
}

EpochOrder::EpochOrder(std::uint64_t seed, std::uint64_t epoch, std::int64_t rows, std::int64_t block,
                       std::int64_t row_bytes)
    : seed_(seed), epoch_(epoch), rows_(rows), block_(block) {
  assert(rows >= 0 && block >= 0);
  if (block_ == 0) block_ = default_shuffle_block(rows, row_bytes);
  block_ = std::clamp<std::int64_t>(block_, 1, std::max<std::int64_t>(1, rows));
  blocks_.resize(static_cast<std::size_t>((rows + block_ - 1) / block_));
  std::iota(blocks_.begin(), blocks_.end(), std::int64_t{0});
  shuffle(blocks_, RandomSource(seed, Purpose::shuffle_blocks, epoch), 0);

  short_rows_ = rows % block_;
  short_start_ = rows;
  if (short_rows_ != 0) {
    const auto last = static_cast<std::int64_t>(blocks_.size()) - 1;
    short_start_ = (std::find(blocks_.begin(), blocks_.end(), last) - blocks_.begin()) * block_;
  }
}

std::int64_t EpochOrder::row_in_block_order(std::int64_t position) const {
  // Behind the short block all places begin early: pretend that it is full.
  if (position >= short_start_ + short_rows_) position += block_ - short_rows_;
  return blocks_[static_cast<std::size_t>(position / block_)] * block_ + position % block_;
}

void EpochOrder::load_window(std::int64_t window) const {
  const std::int64_t first = window * window_blocks * block_;
  const std::int64_t last = std::min(rows_, first + window_blocks * block_);
  window_rows_.resize(static_cast<std::size_t>(last - first));
  for (std::int64_t p = first; p < last; ++p) window_rows_[static_cast<std::size_t>(p - first)] = row_in_block_order(p);
  shuffle(window_rows_, RandomSource(seed_, Purpose::shuffle_rows, epoch_), static_cast<std::uint64_t>(window));
  window_ = window;
}

void EpochOrder::rows(std::int64_t first, std::span<std::int64_t> out) const {
  assert(first >= 0 && first + static_cast<std::int64_t>(out.size()) <= rows_);
  if (block_ == 1) {
    std::copy_n(blocks_.begin() + first, out.size(), out.begin());
    return;
  }
  const std::int64_t window_size = window_blocks * block_;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int64_t position = first + static_cast<std::int64_t>(i);
    if (position / window_size != window_) load_window(position / window_size);
    out[i] = window_rows_[static_cast<std::size_t>(position % window_size)];
  }
}

std::int64_t fraction_count(std::int64_t rows, double fraction) {
  return static_cast<std::int64_t>(std::floor(fraction * static_cast<double>(rows) + 0.5));
}

std::vector<std::int64_t> hold_out_count(std::uint64_t seed, std::int64_t rows, std::int64_t count,
                                         std::uint32_t lane) {
  assert(count >= 0 && count <= rows);
  const RandomSource source(seed, Purpose::hold_out, 0, lane);
  std::vector<std::pair<std::uint64_t, std::int64_t>> keys;
  keys.reserve(static_cast<std::size_t>(rows));
  for (std::int64_t row = 0; row < rows; ++row) keys.emplace_back(source.bits(static_cast<std::uint64_t>(row)), row);
  if (count < rows) std::nth_element(keys.begin(), keys.begin() + count, keys.end());
  std::vector<std::int64_t> held;
  held.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) held.push_back(keys[static_cast<std::size_t>(i)].second);
  std::sort(held.begin(), held.end());
  return held;
}

std::vector<std::int64_t> hold_out(std::uint64_t seed, std::int64_t rows, double fraction, std::uint32_t lane) {
  return hold_out_count(seed, rows, fraction_count(rows, fraction), lane);
}

}  // namespace shoal
