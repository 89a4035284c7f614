#include "comm/sum_rows.hpp"

#include <algorithm>

namespace shoal {

void RowSums::run(std::span<const MergeStep> plan, std::span<const float*> rows, std::size_t floats) {
  // Every merge writes a row of its own: plans have few, and a left slot merged again finds its row in cache.
  if (scratch_.size() < plan.size() * floats) scratch_.resize(plan.size() * floats);
  float* out = scratch_.data();
  for (const MergeStep& step : plan) {
    const float* left = rows[step.left];
    const float* right = rows[step.right];
    for (std::size_t i = 0; i < floats; ++i) out[i] = left[i] + right[i];
    rows[step.left] = out;
    out += floats;
  }
}

}  // namespace shoal
