#pragma once

#include "shoal/core/leaf_tree.hpp"

namespace shoal {

/// Finishes the leaf tree over all ranks that share a batch. Operations get whole-batch sums through this and do not
/// know whether other ranks exist.
class TreeSum {
 public:
  virtual ~TreeSum() = default;
  /// Collective. partials: (share.nodes().size(), width) row-major, one row per tree node that this rank owns;
  /// result: (width), the same bits on every rank for any number of ranks. At least one leaf must be present.
  virtual void tree_reduce(const LeafShare& share, std::span<const double> partials, const Merge& merge,
                           std::span<double> result) = 0;
};

/// The twin for one process: the share has one rank.
class LocalTreeSum final : public TreeSum {
 public:
  void tree_reduce(const LeafShare& share, std::span<const double> partials, const Merge& merge,
                   std::span<double> result) override;
};

/// Folds per-leaf results, (leaves of this rank's run, width) row-major, into one row per tree node that it owns.
std::vector<double> fold_leaves(const LeafShare& share, std::span<double> per_leaf, std::size_t width, const Merge& merge);

/// Runs share.plan() over slots: (share.slots(), width) row-major, overwritten; the whole ends in row 0.
void fold_slots(const LeafShare& share, std::span<double> slots, std::size_t width, const Merge& merge);

}  // namespace shoal
