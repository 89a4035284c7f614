#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "comm/sum_rows.hpp"
#include "comm/window.hpp"
#include "shoal/tensor/gradient_sum.hpp"

namespace shoal {

/// The flat buffers that a group of ranks keeps in its window: the parameters, once, and the gradient partials of every
/// rank, one flat buffer per tree node. Sums of the group are made from the partials where they lie.
class GroupPartials {
 public:
  /// Collective. floats: of a flat buffer; nodes: most that this rank owns in any batch.
  GroupPartials(Transport& transport, std::int64_t floats, std::size_t nodes);

  Window& window() { return window_; }
  const Groups& groups() const { return window_.groups(); }
  std::int64_t floats() const { return floats_; }
  float* parameters() const;
  /// Of a rank of this group.
  float* partial(int rank, std::size_t node) const;

  /// The batch whose gradients the partials hold.
  void begin(const LeafShare& share);
  /// The leaves of the batch, by group.
  const LeafShare& by_group() const { return *by_group_; }
  /// Whether ranks of the group hold parts of one tree node, or each node of the group is one of a rank's.
  bool folds() const { return !fold_.plan.empty(); }

  /// What a thread needs to sum; its rows are valid until its next sum.
  struct Scratch {
    RowSums sums;
    std::vector<const float*> ranks;   // a row per slot of the ranks
    std::vector<const float*> groups;  // a row per slot of the groups
    RowSums rest;
  };
  /// Sums floats [begin, begin + floats) over this group's leaves: sets scratch.groups for the nodes of this group.
  /// last: as in RowSums.
  void sum(std::int64_t begin, std::int64_t floats, Scratch& scratch, float* last = nullptr) const;
  /// The sum over all leaves, which this group must hold; valid until the next sum of this scratch. The last addition
  /// is the reader's.
  GradientSum whole_sum(std::int64_t begin, std::int64_t floats, Scratch& scratch) const;

 private:
  /// Sets scratch.ranks for the slots of this group.
  void find_rows(std::int64_t begin, Scratch& scratch) const;

  std::int64_t floats_;
  std::int64_t stride_;  // floats from one partial to the next
  Window window_;
  std::optional<LeafShare> share_;
  std::optional<LeafShare> by_group_;
  LeafShare::GroupFold fold_;
  std::size_t first_slot_ = 0;           // of the group's ranks, among all ranks
  std::vector<const float*> slot_rows_;  // where the partial of each of its slots begins
};

}  // namespace shoal
