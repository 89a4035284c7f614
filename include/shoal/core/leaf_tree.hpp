#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace shoal {

/// V of a global batch when the config is silent: the largest power of two with at least 32 samples a leaf, and 1 below
/// 64 samples. Part of the format: the parameters depend on it.
std::int64_t default_leaves(std::int64_t batch_size);

/// s = ceil(B / V), from the config, never from a short batch.
std::int64_t samples_per_leaf(std::int64_t batch_size, std::int64_t leaves);

/// A sequence of samples cut into leaves: leaf i holds samples [i s, (i + 1) s) of those that there are.
struct LeafCut {
  std::int64_t samples = 0;
  std::int64_t leaf_samples = 1;  ///< s

  bool operator==(const LeafCut&) const = default;
  std::int64_t leaves() const { return (samples + leaf_samples - 1) / leaf_samples; }  ///< those with samples in them
  std::int64_t begin(std::int64_t leaf) const { return std::min(samples, leaf * leaf_samples); }
  std::int64_t end(std::int64_t leaf) const { return begin(leaf + 1); }
};

/// Leaves [first, last).
struct LeafRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t size() const { return last - first; }
  bool operator==(const LeafRange&) const = default;
};

/// Node (l, i) of the one tree covers leaves [i 2^l, (i + 1) 2^l), of which those that there are count.
struct TreeNode {
  int level = 0;
  std::int64_t index = 0;

  LeafRange leaves(std::int64_t present) const {
    return {std::min(present, index << level), std::min(present, (index + 1) << level)};
  }
  bool operator==(const TreeNode&) const = default;
};

/// slot[left] <- merge(slot[left], slot[right]); the lower operand is always the left one.
struct MergeStep {
  std::size_t left = 0;
  std::size_t right = 0;
  std::int64_t left_samples = 0;
  std::int64_t right_samples = 0;
};

/// Merges `right` into `left`, two partial results over that many samples each (both > 0).
class Merge {
 public:
  virtual ~Merge() = default;
  virtual void operator()(std::span<double> left, std::span<const double> right, std::int64_t left_samples,
                          std::int64_t right_samples) const = 0;
};

/// Plain addition.
class AddMerge final : public Merge {
 public:
  void operator()(std::span<double> left, std::span<const double> right, std::int64_t, std::int64_t) const override;
};

/// (mean, M2) of C columns, stored as C means then C sums of squared deviations; merged by Chan's rule. A sum is 0 only
/// where the means are equal: one too small for a double becomes the least normal one.
/// Source: Chan, Golub & LeVeque, Updating formulae and a pairwise algorithm for computing sample variances (1979).
class MomentsMerge final : public Merge {
 public:
  void operator()(std::span<double> left, std::span<const double> right, std::int64_t left_samples,
                  std::int64_t right_samples) const override;
};

/// Who holds which leaf of one sequence of samples, and in which order partial sums meet. A function of the cut, the
/// number of leaves dealt and the number of ranks: the same on every rank.
class LeafShare {
 public:
  /// Deals leaves [0, dealt) over the ranks in contiguous runs; of each run, the leaves that hold samples are present.
  /// For a training batch `dealt` is V even when the batch is short. Where ranks do not divide `dealt`, cut points are
  /// rounded to a power of two near dealt / (8 ranks).
  LeafShare(LeafCut cut, std::int64_t dealt, int ranks, int rank);
  /// One rank that holds everything.
  explicit LeafShare(LeafCut cut) : LeafShare(cut, cut.leaves(), 1, 0) {}

  /// The same leaves by groups of consecutive ranks: group g, here as rank g, holds all that the ranks
  /// [first_rank[g], first_rank[g + 1]) hold, so its nodes may be larger. group: this process's.
  LeafShare by_group(std::span<const int> first_rank, int group) const;
  /// What makes the nodes of one of those groups from the nodes of its ranks: merges over slots of this share, after
  /// which node n of the group lies in slot of_node[n].
  struct GroupFold {
    std::vector<MergeStep> plan;
    std::vector<std::size_t> of_node;
  };
  GroupFold fold_of_group(const LeafShare& groups, std::span<const int> first_rank, int group) const;

  bool deals_as(const LeafShare& other) const { return cut_ == other.cut_ && ranges_ == other.ranges_; }

  const LeafCut& cut() const { return cut_; }
  int ranks() const { return static_cast<int>(ranges_.size()); }
  int rank() const { return rank_; }

  LeafRange range() const { return range(rank_); }
  LeafRange range(int rank) const { return ranges_[static_cast<std::size_t>(rank)]; }
  /// First sample and number of samples of this rank's run.
  std::int64_t first_sample() const { return cut_.begin(range().first); }
  std::int64_t samples() const { return cut_.begin(range().last) - first_sample(); }

  /// The maximal tree nodes inside a rank's run, left to right: what it reduces by itself and passes on.
  std::span<const TreeNode> nodes() const { return nodes(rank_); }
  std::span<const TreeNode> nodes(int rank) const;
  /// A slot per node of every rank, in rank order; this rank's begin at first_slot().
  std::size_t slots() const { return nodes_.size(); }
  std::size_t first_slot() const { return first_slot(rank_); }
  std::size_t first_slot(int rank) const { return first_slot_[static_cast<std::size_t>(rank)]; }
  /// The rest of the tree: merges over slots that leave the whole in slot 0.
  std::span<const MergeStep> plan() const { return plan_; }

 private:
  LeafShare(LeafCut cut, std::vector<LeafRange> ranges, int rank);

  LeafCut cut_;
  int rank_;
  std::vector<LeafRange> ranges_;  // present leaves alone
  std::vector<TreeNode> nodes_;
  std::vector<std::size_t> first_slot_;  // ranks + 1
  std::vector<MergeStep> plan_;
};

/// The merges inside one node, leaf by leaf, as a stack (a binary counter): after leaf `ordinal` (counted from the
/// node's first leaf) is pushed, so many pairs on top of the stack meet.
inline int merges_after(std::int64_t ordinal, bool last, int depth) {
  if (last) return depth - 1;  // collapse from the right
  int count = 0;
  for (; ordinal & 1; ordinal >>= 1) ++count;
  return count;
}

/// Makes the partial of one leaf.
using LeafPartial = std::function<void(std::int64_t leaf, std::span<double> out)>;

/// Folds the partials of a tree node's leaves, asked for one at a time in order, into `out` (width numbers).
/// Memory: one partial per level of the tree.
void fold_node(const LeafCut& cut, const TreeNode& node, const Merge& merge, const LeafPartial& partial,
               std::span<double> out);

}  // namespace shoal
