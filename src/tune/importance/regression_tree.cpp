#include "tune/importance/regression_tree.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <numeric>
#include <utility>

namespace shoal {
namespace {

constexpr std::size_t word = 64;

bool holds(const std::vector<std::uint64_t>& members, std::size_t choice) {
  return (members[choice / word] >> (choice % word) & 1) != 0;
}

void put(std::vector<std::uint64_t>& members, std::size_t choice) {
  members[choice / word] |= std::uint64_t{1} << (choice % word);
}

std::vector<std::uint64_t> none_of(std::size_t choices) {
  return std::vector<std::uint64_t>((choices + word - 1) / word);
}

std::size_t which(double place) { return static_cast<std::size_t>(place); }

/// How much less is left of the squares: of the sum of both sides' squared sums over counts, all that depends on a
/// split.
double gain_of(double left, std::size_t left_rows, double right, std::size_t right_rows) {
  return left * left / static_cast<double>(left_rows) + right * right / static_cast<double>(right_rows);
}

}  // namespace

double LeafSide::length(std::size_t choices) const { return overlap(*this, *this, choices); }

double overlap(const LeafSide& a, const LeafSide& b, std::size_t choices) {
  if (choices == 0) return std::max(0.0, std::min(a.high, b.high) - std::max(a.low, b.low));
  int common = 0;
  for (std::size_t i = 0; i < a.members.size(); ++i) common += std::popcount(a.members[i] & b.members[i]);
  return static_cast<double>(common) / static_cast<double>(choices);
}

RegressionTree::RegressionTree(const TreeRows& data, std::vector<std::size_t> rows, std::size_t least,
                               const RandomSource& order)
    : data_(&data), least_(std::max<std::size_t>(1, least)), order_(order) {
  assert(!rows.empty());
  std::vector<LeafSide> whole(data.choices.size());
  for (std::size_t d = 0; d < whole.size(); ++d) {
    whole[d].members = none_of(data.choices[d]);
    for (std::size_t choice = 0; choice < data.choices[d]; ++choice) put(whole[d].members, choice);
  }
  grow(std::move(rows), std::move(whole));
  data_ = nullptr;
}

std::size_t RegressionTree::grow(std::vector<std::size_t> rows, std::vector<LeafSide> sides) {
  const std::size_t node = nodes_.size();
  nodes_.emplace_back();
  Split split = best_split(rows, sides);
  if (split.rows == 0) {
    double sum = 0.0;
    for (const std::size_t row : rows) sum += data_->response[row];
    nodes_[node].leaf = leaves_.size();
    leaves_.push_back({std::move(sides), sum / static_cast<double>(rows.size())});
    return node;
  }
  const std::size_t d = split.dimension;
  const auto middle = std::stable_partition(rows.begin(), rows.end(),
                                            [&](std::size_t row) { return goes_left(split, data_->places[d][row]); });
  std::vector<std::size_t> right_rows(middle, rows.end());
  rows.erase(middle, rows.end());
  std::vector<LeafSide> right_sides = sides;
  if (data_->choices[d] == 0) {
    sides[d].high = split.cut;
    right_sides[d].low = split.cut;
  } else {
    for (std::size_t i = 0; i < split.members.size(); ++i) right_sides[d].members[i] &= ~split.members[i];
    sides[d].members = split.members;
  }
  nodes_[node].split = std::move(split);
  const std::size_t left = grow(std::move(rows), std::move(sides));
  const std::size_t right = grow(std::move(right_rows), std::move(right_sides));
  nodes_[node].left = left;
  nodes_[node].right = right;
  return node;
}

/// Without rows that go left where there is nothing to win.
RegressionTree::Split RegressionTree::best_split(const std::vector<std::size_t>& rows,
                                                 const std::vector<LeafSide>& sides) const {
  Split best;
  const auto same = [&](std::size_t row) { return data_->response[row] == data_->response[rows[0]]; };
  if (rows.size() < 2 * least_ || std::all_of(rows.begin(), rows.end(), same)) return best;
  std::vector<std::pair<std::uint64_t, std::size_t>> dimensions;
  for (std::size_t d = 0; d < sides.size(); ++d) dimensions.emplace_back(order_.bits(nodes_.size(), d), d);
  std::sort(dimensions.begin(), dimensions.end());
  for (const auto& [drawn, d] : dimensions) {
    if (data_->choices[d] == 0) {
      try_ordered(d, rows, best);
    } else {
      try_choices(d, rows, sides[d], best);
    }
  }
  return best;
}

void RegressionTree::try_ordered(std::size_t d, std::vector<std::size_t> rows, Split& best) const {
  const std::vector<double>& places = data_->places[d];
  std::sort(rows.begin(), rows.end(),
            [&](std::size_t a, std::size_t b) { return std::pair(places[a], a) < std::pair(places[b], b); });
  double right = 0.0;
  for (const std::size_t row : rows) right += data_->response[row];
  double left = 0.0;
  for (std::size_t i = 0; i + least_ < rows.size(); ++i) {
    left += data_->response[rows[i]];
    right -= data_->response[rows[i]];
    const double below = places[rows[i]];
    const double above = places[rows[i + 1]];
    const double cut = below + 0.5 * (above - below);
    if (i + 1 < least_ || cut <= below) continue;  // equal, or neighbours with nothing in between
    const double gain = gain_of(left, i + 1, right, rows.size() - i - 1);
    if (best.rows == 0 || gain > best.gain) best = {d, gain, cut, {}, i + 1};
  }
}

/// Choices in the order of their means: the best of all sets is among the first so many.
void RegressionTree::try_choices(std::size_t d, const std::vector<std::size_t>& rows, const LeafSide& side,
                                 Split& best) const {
  const std::size_t choices = data_->choices[d];
  std::vector<double> sums(choices);
  std::vector<std::size_t> counts(choices);
  double right = 0.0;
  for (const std::size_t row : rows) {
    sums[which(data_->places[d][row])] += data_->response[row];
    ++counts[which(data_->places[d][row])];
    right += data_->response[row];
  }
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t choice = 0; choice < choices; ++choice) {
    if (counts[choice] > 0) order.emplace_back(sums[choice] / static_cast<double>(counts[choice]), choice);
  }
  std::sort(order.begin(), order.end());
  double left = 0.0;
  std::size_t count = 0;
  std::vector<std::uint64_t> members = none_of(choices);
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    const std::size_t choice = order[i].second;
    left += sums[choice];
    right -= sums[choice];
    count += counts[choice];
    put(members, choice);
    if (count < least_ || rows.size() - count < least_) continue;
    const double gain = gain_of(left, count, right, rows.size() - count);
    if (best.rows != 0 && gain <= best.gain) continue;
    best = {d, gain, 0.0, members, count};
    // Those that no row has go where most rows do.
    for (std::size_t other = 0; 2 * count > rows.size() && other < choices; ++other) {
      if (counts[other] == 0 && holds(side.members, other)) put(best.members, other);
    }
  }
}

bool RegressionTree::goes_left(const Split& split, double place) {
  return split.members.empty() ? place < split.cut : holds(split.members, which(place));
}

double RegressionTree::value_at(const TreeRows& data, std::size_t row) const {
  std::size_t node = 0;
  while (nodes_[node].left != 0) {
    const Node& at = nodes_[node];
    node = goes_left(at.split, data.places[at.split.dimension][row]) ? at.left : at.right;
  }
  return leaves_[nodes_[node].leaf].value;
}

}  // namespace shoal
