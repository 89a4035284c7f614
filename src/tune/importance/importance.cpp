#include "tune/importance/importance.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "shoal/tune/search_space.hpp"
#include "tune/importance/variance_shares.hpp"

namespace shoal {
namespace {

constexpr std::size_t least_trials = 8;  // of which a correlation says something
constexpr std::size_t most_pairs = 10;
constexpr double least_share = 0.005;  // of a pair: 0.01 when rounded

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

std::optional<double> correlation(std::span<const double> values, std::span<const double> metric_ranks) {
  const std::vector<double> ranks = ranks_of(values);
  const double spread = covariation(ranks, ranks) * covariation(metric_ranks, metric_ranks);
  return spread > 0.0 ? std::optional(covariation(ranks, metric_ranks) / std::sqrt(spread)) : std::nullopt;
}

/// Where values lie on the scales that they are searched on. Ranks of the metric, so that one trial that went far off
/// is not all of the variance.
TreeRows rows_of(const std::vector<Dimension>& space, const std::vector<std::vector<double>>& values,
                 std::vector<double> metric_ranks) {
  TreeRows rows;
  rows.response = std::move(metric_ranks);
  for (std::size_t d = 0; d < space.size(); ++d) {
    const bool choices = space[d].scale == Scale::choices;
    rows.choices.push_back(choices ? space[d].choices.size() : 0);
    auto& places = rows.places.emplace_back();
    for (const double value : values[d]) places.push_back(choices ? value : place_of(space[d], value));
  }
  return rows;
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

SweepImportance importance(const std::vector<Dimension>& space, const std::vector<std::vector<double>>& values,
                           std::span<const double> metric) {
  SweepImportance found;
  const std::vector<double> metric_ranks = ranks_of(metric);
  const auto shares = variance_shares(rows_of(space, values, metric_ranks));
  for (std::size_t d = 0; d < space.size(); ++d) {
    Importance& one = found.single.emplace_back(Importance{space[d].key, {}, {}});
    if (metric.size() >= least_trials && space[d].scale != Scale::choices)
      one.correlation = correlation(values[d], metric_ranks);
    const auto& all = values[d];
    const bool varied = std::any_of(all.begin(), all.end(), [&](double value) { return value != all[0]; });
    if (shares && varied) one.share = shares->single[d];
  }
  std::stable_sort(found.single.begin(), found.single.end(),
                   [](const Importance& a, const Importance& b) { return a.share > b.share; });
  if (!shares) return found;
  found.explained = shares->explained;
  for (const PairShare& pair : shares->pairs) {
    if (pair.share >= least_share && found.pairs.size() < most_pairs)
      found.pairs.push_back({space[pair.first].key, space[pair.second].key, pair.share});
  }
  return found;
}

}  // namespace shoal
