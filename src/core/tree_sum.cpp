#include "shoal/core/tree_sum.hpp"

#include <algorithm>
#include <vector>

namespace shoal {

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
