#include "comm/group_partials.hpp"

#include <algorithm>
#include <cassert>

#include "shoal/tensor/buffer.hpp"

namespace shoal {
namespace {

constexpr std::int64_t line_floats = 16;
constexpr auto float_bytes = static_cast<std::int64_t>(sizeof(float));

}  // namespace

GroupPartials::GroupPartials(Transport& transport, std::int64_t floats, std::size_t nodes)
    : floats_(floats),
      stride_((floats + line_floats - 1) / line_floats * line_floats),
      window_(transport, (floats + memory_shift()) * float_bytes,
              (stride_ * static_cast<std::int64_t>(nodes) + memory_shift()) * float_bytes) {}

float* GroupPartials::parameters() const { return reinterpret_cast<float*>(window_.common()) + memory_shift(); }

float* GroupPartials::partial(int rank, std::size_t node) const {
  return reinterpret_cast<float*>(window_.part(rank)) + memory_shift() + stride_ * static_cast<std::int64_t>(node);
}

void GroupPartials::begin(const LeafShare& share) {
  if (share_ && share_->deals_as(share)) return;
  share_ = share;
  by_group_ = share.by_group(groups().first, groups().own);
  fold_ = share.fold_of_group(*by_group_, groups().first, groups().own);
  first_slot_ = share.first_slot(groups().begin());
  slot_rows_.clear();
  for (int r = groups().begin(); r < groups().begin() + groups().size(); ++r) {
    for (std::size_t n = 0; n < share.nodes(r).size(); ++n) slot_rows_.push_back(partial(r, n));
  }
}

void GroupPartials::find_rows(std::int64_t begin, Scratch& scratch) const {
  scratch.ranks.resize(share_->slots());
  for (std::size_t n = 0; n < slot_rows_.size(); ++n) scratch.ranks[first_slot_ + n] = slot_rows_[n] + begin;
}

void GroupPartials::sum(std::int64_t begin, std::int64_t floats, Scratch& scratch, float* last) const {
  find_rows(begin, scratch);
  scratch.groups.resize(by_group_->slots());
  scratch.sums.run(fold_.plan, scratch.ranks, static_cast<std::size_t>(floats), last);
  for (std::size_t n = 0; n < fold_.of_node.size(); ++n)
    scratch.groups[by_group_->first_slot() + n] = scratch.ranks[fold_.of_node[n]];
}

GradientSum GroupPartials::whole_sum(std::int64_t begin, std::int64_t floats, Scratch& scratch) const {
  assert(fold_.of_node.size() == 1);
  find_rows(begin, scratch);
  const auto size = static_cast<std::size_t>(floats);
  if (fold_.plan.empty()) return std::span(scratch.ranks[fold_.of_node[0]], size);
  const std::span<const MergeStep> plan = fold_.plan;
  scratch.sums.run(plan.first(plan.size() - 1), scratch.ranks, size);
  return {std::span(scratch.ranks[plan.back().left], size), scratch.ranks[plan.back().right]};
}

}  // namespace shoal
