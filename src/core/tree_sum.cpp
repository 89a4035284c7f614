#include "shoal/core/tree_sum.hpp"

#include <algorithm>
#include <vector>

namespace shoal {

std::vector<double> fold_leaves(const LeafShare& share, std::span<double> per_leaf, std::size_t width,
                                const Merge& merge) {
  const auto nodes = share.nodes();
  std::vector<double> partials(nodes.size() * width);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    const LeafRun run = nodes[n].leaves(share.cut().leaves());
    const auto first = static_cast<std::size_t>(run.first - share.run().first);
    fold_node(share.cut(), nodes[n], per_leaf.subspan(first * width, static_cast<std::size_t>(run.size()) * width), width,
              merge, std::span(partials).subspan(n * width, width));
  }
  return partials;
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
