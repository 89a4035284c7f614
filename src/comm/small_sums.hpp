#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "comm/transport.hpp"
#include "comm/window.hpp"
#include "shoal/core/leaf_tree.hpp"

namespace shoal {

/// Sums of some numbers over all leaves, such as the statistics of a batch: one message each. Ranks of a group pass
/// their partials through a window. Between groups, the first rank of each sends for all: by recursive doubling where
/// groups hold equal subtrees, else every group's partials go to all.
class SmallSums {
 public:
  /// transport outlives this.
  explicit SmallSums(Transport& transport) : transport_(transport) {}

  /// Collective; see TreeSum::tree_reduce.
  void reduce(const LeafShare& share, std::span<const double> partials, const Merge& merge, std::span<double> result);

 private:
  using Doubles = std::span<double>;

  void prepare(const LeafShare& share, std::size_t width);
  bool equal_subtrees() const;
  double* place(std::byte* part) const { return reinterpret_cast<double*>(part) + (odd_ ? capacity_ : 0); }
  Doubles fold_group(std::size_t width, const Merge& merge);
  Doubles fold_groups(Doubles nodes, std::size_t width, const Merge& merge);
  Doubles double_recursively(Doubles row, const Merge& merge);

  Transport& transport_;
  std::unique_ptr<Window> window_;
  std::unique_ptr<Transport> leaders_;  // the first ranks of all groups, and another of the other ranks
  std::vector<int> led_;                // Groups::first that they were made for
  // Two places, in turn: a rank can be one sum ahead of another that still reads.
  std::size_t capacity_ = 0;
  bool odd_ = false;
  std::optional<LeafShare> share_;
  std::optional<LeafShare> groups_;  // the same leaves by group
  LeafShare::GroupFold fold_;
  std::vector<double> slots_;
  std::vector<double> nodes_;
};

}  // namespace shoal
