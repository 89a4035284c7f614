#pragma once

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
#include <vector>

#include "shoal/core/leaf_tree.hpp"

namespace shoal {

/// Numbers per leaf of a rank's run, computed for as many leaves at a time as a buffer holds, handed out in order.
class LeafReader {
 public:
  /// Computes (leaves, width) row-major for a run of leaves, whose samples are `rows`.
  using Compute = std::function<std::vector<double>(LeafRange range, std::span<const std::int64_t> rows)>;

  /// @param capacity  samples at a time; at least those of one leaf
  LeafReader(const LeafShare& share, std::int64_t capacity, Compute compute)
      : share_(share),
        leaves_at_a_time_(std::max<std::int64_t>(1, capacity / share.cut().leaf_samples)),
        compute_(std::move(compute)) {}

  void leaf(std::int64_t leaf, std::span<double> out) {
    if (leaf >= range_.last || leaf < range_.first) {
      range_ = {leaf, std::min(share_.range().last, leaf + leaves_at_a_time_)};
      const std::int64_t first = share_.cut().begin(range_.first);
      std::vector<std::int64_t> rows(static_cast<std::size_t>(share_.cut().begin(range_.last) - first));
      std::iota(rows.begin(), rows.end(), first);
      numbers_ = compute_(range_, rows);
    }
    const std::size_t width = numbers_.size() / static_cast<std::size_t>(range_.size());
    std::copy_n(numbers_.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(leaf - range_.first) * width),
                width, out.begin());
  }

 private:
  const LeafShare& share_;
  std::int64_t leaves_at_a_time_;
  Compute compute_;
  LeafRange range_;
  std::vector<double> numbers_;
};

}  // namespace shoal
