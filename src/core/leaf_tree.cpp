#include "shoal/core/leaf_tree.hpp"

#include <bit>
#include <cassert>
#include <utility>

#include "shoal/core/square_sum.hpp"

namespace shoal {
namespace {

constexpr std::int64_t least_leaf_samples = 32;

std::int64_t power_of_two_below(std::int64_t x) {
  return x < 1 ? 1 : static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(x)));
}

/// Cut point p of `ranks` over `dealt` leaves.
std::int64_t cut_point(std::int64_t dealt, std::int64_t ranks, std::int64_t p) {
  if (p == ranks || dealt % ranks == 0) return dealt / ranks * p + (p == ranks ? dealt % ranks : 0);
  const std::int64_t grain = power_of_two_below(dealt / (8 * ranks));
  const std::int64_t twice = 2 * ranks * grain;  // round(p dealt / ranks / grain) * grain, in whole numbers
  const std::int64_t rounded = (2 * p * dealt + ranks * grain) / twice * grain;
  return std::min(dealt, rounded);
}

/// The maximal nodes inside [range.first, range.last) when leaves from `present` on are absent.
void append_nodes(LeafRange range, std::int64_t present, std::vector<TreeNode>& nodes) {
  std::int64_t leaf = range.first;
  while (leaf < range.last) {
    int level = 0;
    const auto fits = [&](int l) {
      const std::int64_t size = std::int64_t{1} << l;
      return leaf % size == 0 && std::min(present, leaf + size) <= range.last &&
             (leaf + size / 2 < range.last || l == 0);
    };
    while (fits(level + 1)) ++level;
    nodes.push_back({level, leaf >> level});
    leaf = nodes.back().leaves(present).last;
  }
}

struct Planner {
  const LeafCut& cut;
  std::span<const TreeNode> nodes;
  std::vector<MergeStep>& plan;
  std::size_t next = 0;

  std::int64_t samples(LeafRange range) const { return cut.begin(range.last) - cut.begin(range.first); }

  /// Plans node (level, index), whose leaves are present in part at least; returns the slot of its result.
  std::size_t visit(TreeNode node) {
    const std::int64_t present = cut.leaves();
    const LeafRange whole = node.leaves(present);
    if (nodes[next].leaves(present).last == whole.last && nodes[next].leaves(present).first == whole.first)
      return next++;
    const TreeNode left{node.level - 1, 2 * node.index};
    const TreeNode right{node.level - 1, 2 * node.index + 1};
    const std::size_t left_slot = visit(left);
    const LeafRange right_range = right.leaves(present);
    if (right_range.size() == 0) return left_slot;  // an empty subtree is the identity
    const std::size_t right_slot = visit(right);
    plan.push_back({left_slot, right_slot, samples(left.leaves(present)), samples(right_range)});
    return left_slot;
  }
};

std::vector<LeafRange> deal(std::int64_t present, std::int64_t dealt, int ranks) {
  assert(ranks > 0);
  std::vector<LeafRange> ranges;
  ranges.reserve(static_cast<std::size_t>(ranks));
  for (int p = 0; p < ranks; ++p)
    ranges.push_back(
        {std::min(present, cut_point(dealt, ranks, p)), std::min(present, cut_point(dealt, ranks, p + 1))});
  return ranges;
}

}  // namespace

std::int64_t default_leaves(std::int64_t batch_size) { return power_of_two_below(batch_size / least_leaf_samples); }

std::int64_t samples_per_leaf(std::int64_t batch_size, std::int64_t leaves) {
  return (batch_size + leaves - 1) / leaves;
}

void AddMerge::operator()(std::span<double> left, std::span<const double> right, std::int64_t, std::int64_t) const {
  for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
}

void MomentsMerge::operator()(std::span<double> left, std::span<const double> right, std::int64_t left_samples,
                              std::int64_t right_samples) const {
  const std::size_t columns = left.size() / 2;
  const auto total = static_cast<double>(left_samples + right_samples);
  const double right_share = static_cast<double>(right_samples) / total;
  const double weight = static_cast<double>(left_samples) * right_share;
  for (std::size_t c = 0; c < columns; ++c) {
    const double delta = right[c] - left[c];
    left[c] += delta * right_share;
    left[columns + c] = square_sum(left[columns + c] + (right[columns + c] + delta * delta * weight), delta);
  }
}

LeafShare::LeafShare(LeafCut cut, std::int64_t dealt, int ranks, int rank)
    : LeafShare(cut, deal(cut.leaves(), dealt, ranks), rank) {
  assert(cut.leaves() <= dealt);
}

LeafShare::LeafShare(LeafCut cut, std::vector<LeafRange> ranges, int rank)
    : cut_(cut), rank_(rank), ranges_(std::move(ranges)) {
  assert(rank >= 0 && rank < ranks());
  const std::int64_t present = cut.leaves();
  for (const LeafRange& range : ranges_) {
    first_slot_.push_back(nodes_.size());
    append_nodes(range, present, nodes_);
  }
  first_slot_.push_back(nodes_.size());
  if (present > 0) {
    int root = 0;
    while ((std::int64_t{1} << root) < present) ++root;
    Planner{cut_, nodes_, plan_}.visit({root, 0});
  }
}

LeafShare LeafShare::by_group(std::span<const int> first_rank, int group) const {
  std::vector<LeafRange> ranges;
  for (std::size_t g = 0; g + 1 < first_rank.size(); ++g)
    ranges.push_back({range(first_rank[g]).first, range(first_rank[g + 1] - 1).last});
  return {cut_, std::move(ranges), group};
}

LeafShare::GroupFold LeafShare::fold_of_group(const LeafShare& groups, std::span<const int> first_rank,
                                              int group) const {
  GroupFold fold;
  Planner planner{cut_, nodes_, fold.plan, first_slot(first_rank[static_cast<std::size_t>(group)])};
  for (const TreeNode& node : groups.nodes(group)) fold.of_node.push_back(planner.visit(node));
  return fold;
}

std::span<const TreeNode> LeafShare::nodes(int rank) const {
  const std::size_t first = first_slot(rank);
  return std::span(nodes_).subspan(first, first_slot(rank + 1) - first);
}

void fold_node(const LeafCut& cut, const TreeNode& node, const Merge& merge, const LeafPartial& partial,
               std::span<double> out) {
  struct Entry {
    std::vector<double> partial;
    std::int64_t samples;
  };
  const LeafRange range = node.leaves(cut.leaves());
  std::vector<Entry> stack;
  for (std::int64_t leaf = range.first; leaf < range.last; ++leaf) {
    stack.push_back({std::vector<double>(out.size()), cut.end(leaf) - cut.begin(leaf)});
    partial(leaf, stack.back().partial);
    int merges = merges_after(leaf - range.first, leaf + 1 == range.last, static_cast<int>(stack.size()));
    for (; merges > 0; --merges) {
      const Entry right = std::move(stack.back());
      stack.pop_back();
      merge(stack.back().partial, right.partial, stack.back().samples, right.samples);
      stack.back().samples += right.samples;
    }
  }
  std::copy(stack.front().partial.begin(), stack.front().partial.end(), out.begin());
}

}  // namespace shoal
