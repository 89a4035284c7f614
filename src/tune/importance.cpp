#include "tune/importance.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

namespace shoal {
namespace {

constexpr std::size_t most_groups = 5;
constexpr std::size_t least_group = 4;  // trials, on average

double mean(std::span<const double> x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

/// Sum of (x - mean x) (y - mean y).
double covariation(std::span<const double> x, std::span<const double> y) {
  const double mean_x = mean(x);
  const double mean_y = mean(y);
  double sum = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mean_x) * (y[i] - mean_y);
  return sum;
}

/// A trial's group, from 0: equal values together, groups of about equal size.
std::vector<std::size_t> groups_by_rank(std::span<const double> values) {
  const std::size_t wanted = std::min(most_groups, values.size() / least_group);
  const auto n = static_cast<double>(values.size());
  std::vector<std::size_t> groups;
  for (const double rank : ranks_of(values))
    groups.push_back(std::min(wanted - 1, static_cast<std::size_t>(rank / n * static_cast<double>(wanted))));
  return groups;
}

/// Each choice is a group: the numbers of choices are whole, and so exact.
std::vector<std::size_t> groups_by_choice(std::span<const double> which) {
  std::vector<std::size_t> groups;
  for (const double choice : which) groups.push_back(static_cast<std::size_t>(choice));
  return groups;
}

/// Nothing where it cannot be estimated: metrics that are all equal, one group, or hardly two trials in each.
std::optional<double> share(const std::vector<std::size_t>& groups, std::span<const double> metric_ranks) {
  const std::size_t wanted = *std::max_element(groups.begin(), groups.end()) + 1;
  std::vector<double> sums(wanted);
  std::vector<double> counts(wanted);
  for (std::size_t i = 0; i < groups.size(); ++i) {
    sums[groups[i]] += metric_ranks[i];
    counts[groups[i]] += 1.0;
  }
  const auto n = static_cast<double>(groups.size());
  const double total = covariation(metric_ranks, metric_ranks);
  const double overall = mean(metric_ranks);
  double between = 0.0;
  double used = 0.0;
  for (std::size_t g = 0; g < wanted; ++g) {
    if (counts[g] == 0.0) continue;
    const double off = sums[g] / counts[g] - overall;
    between += counts[g] * off * off;
    used += 1.0;
  }
  if (total <= 0.0 || used < 2.0 || n < 2.0 * used) return std::nullopt;
  return std::clamp(1.0 - (1.0 - between / total) * (n - 1.0) / (n - used), 0.0, 1.0);
}

}  // namespace

std::vector<double> ranks_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    while (last + 1 < order.size() && values[order[last + 1]] == values[order[first]]) ++last;
    for (std::size_t i = first; i <= last; ++i) ranks[order[i]] = 0.5 * static_cast<double>(first + last);
    first = last + 1;
  }
  return ranks;
}

std::vector<Importance> importance(const std::vector<Dimension>& space, const std::vector<std::vector<double>>& values,
                                   std::span<const double> metric) {
  std::vector<Importance> found;
  const std::vector<double> metric_ranks = ranks_of(metric);
  for (std::size_t d = 0; d < space.size(); ++d) {
    Importance& one = found.emplace_back(Importance{space[d].key, {}, {}});
    if (metric.size() < 2 * least_group) continue;
    const std::vector<double> value_ranks = ranks_of(values[d]);
    const bool ordered = space[d].scale != Scale::choices;
    const double spread = covariation(value_ranks, value_ranks) * covariation(metric_ranks, metric_ranks);
    if (ordered && spread > 0.0) one.correlation = covariation(value_ranks, metric_ranks) / std::sqrt(spread);
    one.share = share(ordered ? groups_by_rank(values[d]) : groups_by_choice(values[d]), metric_ranks);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Importance& a, const Importance& b) { return a.share > b.share; });
  return found;
}

}  // namespace shoal
