#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

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

/// One row per tree node that this rank owns, from partials of its leaves, asked for one at a time in order:
/// (share.nodes().size(), width) row-major.
std::vector<double> fold_leaves(const LeafShare& share, std::size_t width, const Merge& merge,
                                const LeafPartial& partial);
/// The same from (leaves of this rank's run, width) row-major.
std::vector<double> fold_leaves(const LeafShare& share, std::size_t width, const Merge& merge,
                                std::span<const double> per_leaf);

/// Runs task(i) for each i in [0, tasks), in any order or side by side.
using RunTasks = std::function<void(std::int64_t tasks, const std::function<void(std::int64_t)>& task)>;
void run_in_order(std::int64_t tasks, const std::function<void(std::int64_t)>& task);

/// The same in place: the first share.nodes().size() rows of per_leaf end as those partials, the others as remains. Of
/// many leaves, blocks meet in tasks of `run` first, which changes no bit.
void fold_leaves_in_place(const LeafShare& share, std::size_t width, const Merge& merge, std::span<double> per_leaf,
                          const RunTasks& run = run_in_order);

/// Runs share.plan() over slots: (share.slots(), width) row-major, overwritten; the whole ends in row 0.
void fold_slots(const LeafShare& share, std::span<double> slots, std::size_t width, const Merge& merge);

}  // namespace shoal
