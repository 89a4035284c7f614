#include "shoal/core/tree_sum.hpp"

#include <algorithm>
#include <vector>

namespace shoal {

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

void fold_leaves_in_place(const LeafShare& share, std::size_t width, const Merge& merge, std::span<double> per_leaf) {
  const LeafCut& cut = share.cut();
  std::size_t at = 0;
  for (const TreeNode& node : share.nodes()) {
    const LeafRange range = node.leaves(cut.leaves());
    const auto row = [&](std::int64_t leaf) {
      return per_leaf.subspan(static_cast<std::size_t>(leaf - share.range().first) * width, width);
    };
    for (std::int64_t step = 1; step < range.size(); step *= 2) {
      for (std::int64_t left = range.first; left + step < range.last; left += 2 * step) {
        const std::int64_t right = left + step;
        merge(row(left), row(right), cut.begin(right) - cut.begin(left),
              cut.begin(std::min(range.last, right + step)) - cut.begin(right));
      }
    }
    const auto folded = row(range.first);
    if (at != static_cast<std::size_t>(range.first - share.range().first))
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
