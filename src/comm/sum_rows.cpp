#include "comm/sum_rows.hpp"

#include "shoal/tensor/elementwise.hpp"

namespace shoal {
namespace {

/// out may be left or right.
void add(const float* left, const float* right, float* out, std::size_t floats) {
  if (out == left) return add_to(static_cast<std::int64_t>(floats), right, out);
  if (out == right) return add_to(static_cast<std::int64_t>(floats), left, out);
  for (std::size_t i = 0; i < floats; ++i) out[i] = left[i] + right[i];
}

}  // namespace

void RowSums::run(std::span<const MergeStep> plan, std::span<const float*> rows, std::size_t floats, float* last) {
  // Every merge writes a row of its own: plans have few, and a left slot merged again finds its row in cache.
  if (scratch_.size() < plan.size() * floats) scratch_.resize(plan.size() * floats);
  float* out = scratch_.data();
  for (const MergeStep& step : plan) {
    if (last != nullptr && &step == &plan.back()) out = last;
    add(rows[step.left], rows[step.right], out, floats);
    rows[step.left] = out;
    out += floats;
  }
}

}  // namespace shoal
