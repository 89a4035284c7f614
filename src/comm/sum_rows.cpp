#include "comm/sum_rows.hpp"

#include "shoal/tensor/elementwise.hpp"

namespace shoal {
namespace {

/// out may be left or right.
void add_rows(std::int64_t floats, const float* left, const float* right, float* out) {
  if (out == left) return add_to(floats, right, out);
  if (out == right) return add_to(floats, left, out);
  add(floats, left, right, out);
}

}  // namespace

void RowSums::run(std::span<const MergeStep> plan, std::span<const float*> rows, std::size_t floats, float* last) {
  // Every merge writes a row of its own: plans have few, and a left slot merged again finds its row in cache.
  if (scratch_.size() < plan.size() * floats) scratch_.resize(plan.size() * floats);
  float* out = scratch_.data();
  for (const MergeStep& step : plan) {
    if (last != nullptr && &step == &plan.back()) out = last;
    add_rows(static_cast<std::int64_t>(floats), rows[step.left], rows[step.right], out);
    rows[step.left] = out;
    out += floats;
  }
}

}  // namespace shoal
