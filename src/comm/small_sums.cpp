#include "comm/small_sums.hpp"

#include <algorithm>
#include <bit>

#include "comm/waiting.hpp"
#include "shoal/core/tree_sum.hpp"

namespace shoal {
namespace {

constexpr int doubling_tag = 2;

std::span<double> row(std::span<double> rows, std::size_t i, std::size_t width) {
  return rows.subspan(i * width, width);
}

}  // namespace

void SmallSums::reduce(const LeafShare& share, std::span<const double> partials, const Merge& merge,
                       std::span<double> result) {
  const std::size_t width = result.size();
  if (share.ranks() == 1) {
    slots_.assign(partials.begin(), partials.end());
    fold_slots(share, slots_, width, merge);
    std::copy_n(slots_.begin(), width, result.begin());
    return;
  }
  const Waiting waiting;  // once, whatever this rank's part is: counts of calls are compared between ranks
  prepare(share, width);
  const int rank = transport_.place().rank;
  const Groups& groups = window_->groups();
  std::copy(partials.begin(), partials.end(), place(window_->part(rank)));
  window_->barrier();
  if (groups.count() == 1) {
    std::copy_n(fold_group(width, merge).begin(), width, result.begin());
    return;
  }
  double* const common = place(window_->common());
  if (rank == groups.begin()) std::copy_n(fold_groups(fold_group(width, merge), width, merge).begin(), width, common);
  window_->barrier();
  std::copy_n(common, width, result.begin());
}

/// Room for sums of this width; how this share's leaves meet.
void SmallSums::prepare(const LeafShare& share, std::size_t width) {
  odd_ = !odd_;
  std::size_t most = 1;
  for (int r = 0; r < share.ranks(); ++r) most = std::max(most, share.nodes(r).size());
  if (window_ == nullptr || most * width > capacity_) {
    capacity_ = std::bit_ceil(most * width);
    const auto bytes = static_cast<std::int64_t>(2 * capacity_ * sizeof(double));
    window_ = std::make_unique<Window>(transport_, bytes, bytes);
    share_.reset();
    // Memory of this size may be refused where less was granted: then every rank is a group of its own.
    const Groups& groups = window_->groups();
    if (groups.count() > 1 && groups.first != led_) {
      leaders_ = transport_.split(transport_.place().rank == groups.begin() ? 0 : 1, 1);
      led_ = groups.first;
    }
  }
  if (share_ && share_->deals_as(share)) return;
  const Groups& groups = window_->groups();
  share_ = share;
  groups_ = share.by_group(groups.first, groups.own);
  fold_ = share.fold_of_group(*groups_, groups.first, groups.own);
}

/// The nodes of this group, (nodes, width).
SmallSums::Doubles SmallSums::fold_group(std::size_t width, const Merge& merge) {
  const Groups& groups = window_->groups();
  const std::size_t first = share_->first_slot(groups.begin());
  slots_.resize((share_->first_slot(groups.begin() + groups.size()) - first) * width);
  auto out = slots_.begin();
  for (int r = groups.begin(); r < groups.begin() + groups.size(); ++r)
    out = std::copy_n(place(window_->part(r)), share_->nodes(r).size() * width, out);
  for (const MergeStep& step : fold_.plan)
    merge(row(slots_, step.left - first, width), row(slots_, step.right - first, width), step.left_samples,
          step.right_samples);
  for (std::size_t n = 0; n < fold_.of_node.size(); ++n)  // never to the right, so in place
    std::copy_n(row(slots_, fold_.of_node[n] - first, width).begin(), width, row(slots_, n, width).begin());
  return Doubles(slots_).first(fold_.of_node.size() * width);
}

/// The rest of the tree, among the first ranks of the groups.
SmallSums::Doubles SmallSums::fold_groups(Doubles nodes, std::size_t width, const Merge& merge) {
  if (equal_subtrees()) {
    nodes_.resize(2 * width);  // this one's and the partner's
    std::copy(nodes.begin(), nodes.end(), nodes_.begin());
    return double_recursively(nodes_, merge);
  }
  nodes_.resize(groups_->slots() * width);
  // A group without a leaf in this batch has no row.
  std::copy(nodes.begin(), nodes.end(), nodes_.begin() + static_cast<std::ptrdiff_t>(groups_->first_slot() * width));
  std::vector<std::int64_t> begin;
  for (int g = 0; g <= groups_->ranks(); ++g)
    begin.push_back(static_cast<std::int64_t>(groups_->first_slot(g) * width * sizeof(double)));
  leaders_->all_gather(std::as_writable_bytes(std::span(nodes_)), begin);
  fold_slots(*groups_, nodes_, width, merge);
  return row(nodes_, 0, width);
}

/// Whether group g holds leaves [g s, (g + 1) s) of those present, with s and the number of groups powers of two.
bool SmallSums::equal_subtrees() const {
  const auto groups = static_cast<std::uint64_t>(groups_->ranks());
  const std::int64_t each = groups_->range(0).size();
  const std::int64_t present = groups_->cut().leaves();
  if (!std::has_single_bit(groups) || (each < present && !std::has_single_bit(static_cast<std::uint64_t>(each))))
    return false;
  for (int g = 0; g < groups_->ranks(); ++g) {
    if (groups_->range(g) != LeafRange{std::min(present, g * each), std::min(present, (g + 1) * each)}) return false;
  }
  return true;
}

/// Round by round, blocks of 1, 2, 4, ... groups meet as the nodes of the tree do. rows: this block's, and room.
SmallSums::Doubles SmallSums::double_recursively(Doubles rows, const Merge& merge) {
  const std::size_t width = rows.size() / 2;
  Doubles mine = rows.first(width);
  Doubles other = rows.last(width);
  const int self = groups_->rank();
  const auto samples = [&](int first, int size) {
    return groups_->cut().begin(groups_->range(first + size - 1).last) -
           groups_->cut().begin(groups_->range(first).first);
  };
  const std::unique_ptr<Messages> messages = leaders_->messages();
  for (int size = 1; size < groups_->ranks(); size *= 2) {
    const int partner = self ^ size;
    messages->receive(partner, doubling_tag, std::as_writable_bytes(other));
    messages->send(partner, doubling_tag, std::as_bytes(mine));
    messages->wait();
    if (partner < self) std::swap(mine, other);  // the lower is the left
    const int left = self / (2 * size) * (2 * size);
    const std::int64_t right_samples = samples(left + size, size);
    if (right_samples > 0) merge(mine, other, samples(left, size), right_samples);
  }
  return mine;
}

}  // namespace shoal
