#include "shoal/core/tree_sum.hpp"

#include <algorithm>
#include <vector>

namespace shoal {
namespace {

/// Merges nodes of `size` leaves, then those that come of it, until there are nodes of `until` leaves. rows: of
/// `leaves`.
void fold_levels(const LeafCut& cut, LeafRange leaves, std::int64_t size, std::int64_t until, std::size_t width,
                 const Merge& merge, std::span<double> rows) {
  const auto row = [&](std::int64_t leaf) {
    return rows.subspan(static_cast<std::size_t>(leaf - leaves.first) * width, width);
  };
  for (; size < std::min(until, leaves.size()); size *= 2) {
    for (std::int64_t left = leaves.first; left + size < leaves.last; left += 2 * size) {
      const std::int64_t right = left + size;
      merge(row(left), row(right), cut.begin(right) - cut.begin(left),
            cut.begin(std::min(leaves.last, right + size)) - cut.begin(right));
    }
  }
}

}  // namespace

void run_in_order(std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
  for (std::int64_t i = 0; i < tasks; ++i) task(i);
}

std::vector<double> fold_leaves(const LeafShare& share, std::size_t width, const Merge& merge,
                                const LeafPartial& partial) {
  const auto nodes = share.nodes();
  std::vector<double> partials(nodes.size() * width);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    fold_node(share.cut(), nodes[n], merge, partial, std::span(partials).subspan(n * width, width));
  }
  return partials;
}

std::vector<double> fold_leaves(const LeafShare& share, std::size_t width, const Merge& merge,
                                std::span<const double> per_leaf) {
  return fold_leaves(share, width, merge, [&](std::int64_t leaf, std::span<double> out) {
    const auto row = static_cast<std::size_t>(leaf - share.range().first);
    std::copy_n(per_leaf.begin() + static_cast<std::ptrdiff_t>(row * width), width, out.begin());
  });
}

void fold_leaves_in_place(const LeafShare& share, std::size_t width, const Merge& merge, std::span<double> per_leaf,
                          const RunTasks& run) {
  constexpr std::int64_t block = 8;  // leaves that meet in one task
  constexpr std::int64_t many = 32;  // leaves that are worth tasks
  const LeafCut& cut = share.cut();
  std::size_t at = 0;
  for (const TreeNode& node : share.nodes()) {
    const LeafRange leaves = node.leaves(cut.leaves());
    const auto rows_of = [&](LeafRange some) {
      return per_leaf.subspan(static_cast<std::size_t>(some.first - share.range().first) * width,
                              static_cast<std::size_t>(some.size()) * width);
    };
    const bool in_tasks = leaves.size() >= many;
    if (in_tasks) {
      run((leaves.size() + block - 1) / block, [&](std::int64_t i) {
        const std::int64_t first = leaves.first + i * block;
        const LeafRange some{first, std::min(leaves.last, first + block)};
        fold_levels(cut, some, 1, block, width, merge, rows_of(some));
      });
    }
    fold_levels(cut, leaves, in_tasks ? block : 1, leaves.size(), width, merge, rows_of(leaves));
    const auto folded = rows_of(leaves).first(width);
    if (at != static_cast<std::size_t>(leaves.first - share.range().first))
      std::copy(folded.begin(), folded.end(), per_leaf.begin() + static_cast<std::ptrdiff_t>(at * width));
    ++at;
  }
}

void fold_slots(const LeafShare& share, std::span<double> slots, std::size_t width, const Merge& merge) {
  for (const MergeStep& step : share.plan()) {
    merge(slots.subspan(step.left * width, width), slots.subspan(step.right * width, width), step.left_samples,
          step.right_samples);
  }
}

void LocalTreeSum::tree_reduce(const LeafShare& share, std::span<const double> partials, const Merge& merge,
                               std::span<double> result) {
  std::vector<double> slots(partials.begin(), partials.end());
  fold_slots(share, slots, result.size(), merge);
  std::copy_n(slots.begin(), result.size(), result.begin());
}

}  // namespace shoal
