#include "tune/model/proposals.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <limits>

#include "tune/model/bayesian.hpp"
#include "tune/model/parzen.hpp"

namespace shoal {
namespace {

/// Of trials in order of their scores: values that are equal are drawn apart by their losses, by less than half of the
/// least difference between two that are not.
std::vector<std::optional<double>> scores_of(const std::vector<Standing>& standings) {
  std::vector<std::optional<double>> scores(standings.size());
  std::vector<std::size_t> order;
  for (std::size_t t = 0; t < standings.size(); ++t) {
    if (standings[t].rung >= 0 && !standings[t].failed) order.push_back(t);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return standings[a].score < standings[b].score; });
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 1; i < order.size(); ++i) {
    const double difference = standings[order[i]].score.value - standings[order[i - 1]].score.value;
    if (difference > 0.0) least = std::min(least, difference);
  }
  if (least == std::numeric_limits<double>::infinity()) least = 1.0;  // all are equal
  const double apart = 0.5 * least / static_cast<double>(std::max<std::size_t>(1, order.size()));
  std::size_t equal = 0;  // how many before have the same value and a lower loss
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Score& score = standings[order[i]].score;
    if (i > 0) {
      const Score& before = standings[order[i - 1]].score;
      equal = before.value != score.value ? 0 : equal + (before.loss != score.loss ? 1 : 0);
    }
    scores[order[i]] = score.value + apart * static_cast<double>(equal);
  }
  return scores;
}

}  // namespace

std::int64_t first_round(const SweepSettings& settings) {
  const auto size = static_cast<std::int64_t>(settings.space.size());
  return std::max(settings.round, 2 * size + 2);
}

std::vector<Place> proposals(const SweepSettings& settings, std::uint64_t seed, const std::vector<Place>& places,
                             const std::vector<Standing>& standings, std::int64_t count) {
  assert(standings.size() == places.size());
  std::vector<Place> trained;  // a trial that takes an earlier one's result tells nothing more
  std::vector<Standing> ends;
  for (std::size_t t = 0; t < places.size(); ++t) {
    if (standings[t].rung < 0 && !standings[t].failed) continue;
    trained.push_back(places[t]);
    ends.push_back(standings[t]);
  }
  const Evidence evidence{trained, scores_of(ends)};
  if (std::none_of(evidence.scores.begin(), evidence.scores.end(),
                   [](const auto& score) { return score.has_value(); })) {
    std::vector<Place> even;
    for (std::int64_t i = 0; i < count; ++i)
      even.push_back(first_place(settings, seed, static_cast<std::int64_t>(places.size()) + i));
    return even;
  }
  return settings.search == Search::bayesian ? likeliest_improvements(settings.space, seed, evidence, count)
                                             : parzen_choices(settings.space, seed, evidence, count);
}

}  // namespace shoal
