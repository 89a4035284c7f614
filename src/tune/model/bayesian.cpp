#include "tune/model/bayesian.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <set>
#include <utility>

#include "shoal/core/elementary.hpp"
#include "shoal/core/random.hpp"
#include "tune/model/descent.hpp"
#include "tune/model/expected_improvement.hpp"
#include "tune/model/warp.hpp"
#include "tune/sobol.hpp"

namespace shoal {
namespace {

// Points of a process, and of the search for its hyperparameters: what they cost grows with the cube.
constexpr std::size_t most_points = 300;
constexpr std::size_t most_points_of_kernel = 128;
constexpr std::size_t most_centres = 5;
constexpr int evaluations_first = 40;
constexpr int evaluations_then = 15;
constexpr std::int64_t most_levels_tried = 12;

/// How much is looked at for one trial.
struct Effort {
  std::uint64_t anywhere;
  std::uint64_t near;
  std::size_t climbs;
};
constexpr Effort whole{512, 128, 6};
constexpr Effort reduced{128, 48, 2};
constexpr std::int64_t trials_of_whole_effort = 8;  // in a round: it must not take longer than a round's trials

struct Candidate {
  std::vector<double> point;
  double merit = 0.0;
};

/// Looks for the point of greatest expected improvement.
class Seeker {
 public:
  Seeker(const ModelSpace& space, const GaussianProcess& process, double best, std::uint64_t seed, std::uint64_t trial,
         const Effort& effort)
      : space_(space), process_(process), best_(best), seed_(seed), trial_(trial), effort_(effort) {}

  /// From the best on. centres: points of the best trials, the best first
  std::vector<Candidate> seek(const std::vector<std::vector<double>>& centres) const;

 private:
  double merit(const std::vector<double>& point) const {
    return log_expected_improvement(process_.at(point), best_).value;
  }
  std::vector<double> anywhere(std::uint64_t index) const;
  std::vector<double> near(const std::vector<double>& centre, std::uint64_t index) const;
  void climb(Candidate& candidate, int evaluations) const;
  void try_levels(Candidate& candidate) const;

  const ModelSpace& space_;
  const GaussianProcess& process_;
  double best_;
  std::uint64_t seed_;
  std::uint64_t trial_;
  Effort effort_;
};

RandomSource draws_of(std::uint64_t seed, std::uint64_t index, std::size_t dimension) {
  return {seed, Purpose::search, index, static_cast<std::uint32_t>(dimension)};
}

std::vector<double> Seeker::anywhere(std::uint64_t index) const {
  Place place(space_.size());
  for (std::size_t d = 0; d < place.size(); ++d) {
    const RandomSource source = draws_of(seed_, 1, d);
    if (space_.size() <= most_sobol_dimensions) {
      const auto scramble = static_cast<std::uint32_t>(source.bits(trial_));
      place[d] = scrambled_sobol(static_cast<std::uint32_t>(index), static_cast<int>(d), scramble);
    } else {
      place[d] = source.uniform(trial_, index);
    }
  }
  return space_.point(place);
}

std::vector<double> Seeker::near(const std::vector<double>& centre, std::uint64_t index) const {
  const double widths[] = {0.1, 0.03, 0.01};
  Place place = space_.place(centre);
  for (std::size_t d = 0; d < place.size(); ++d) {
    const RandomSource source = draws_of(seed_, 2, d);
    if (space_.categorical()[d]) {
      if (source.uniform(trial_, 2 * index) < 0.2) place[d] = source.uniform(trial_, 2 * index + 1);
    } else {
      place[d] = std::clamp(place[d] + widths[index % 3] * source.normal(trial_, 2 * index), 0.0, 1.0);
    }
  }
  return space_.point(place);
}

void Seeker::climb(Candidate& candidate, int evaluations) const {
  std::vector<double> low;
  std::vector<double> high;
  std::vector<double> d_mean(space_.size());
  std::vector<double> d_variance(space_.size());
  for (std::size_t d = 0; d < space_.size(); ++d) {
    const bool fixed = space_.categorical()[d];
    low.push_back(fixed ? candidate.point[d] - 0.5 : 0.0);
    high.push_back(fixed ? candidate.point[d] + 0.5 : 1.0);
  }
  const Slope slope = [&](std::span<const double> x, std::span<double> gradient) {
    const LogImprovement hope = log_expected_improvement(process_.at(x, d_mean, d_variance), best_);
    for (std::size_t d = 0; d < x.size(); ++d)
      gradient[d] = -(hope.by_mean * d_mean[d] + hope.by_variance * d_variance[d]);
    return -hope.value;
  };
  Candidate climbed{minimise(slope, candidate.point, low, high, evaluations).x};
  space_.settle(climbed.point);
  climbed.merit = merit(climbed.point);
  if (climbed.merit > candidate.merit) candidate = std::move(climbed);
}

/// One pass over choices and whole numbers: each choice, or the neighbours of a number.
void Seeker::try_levels(Candidate& candidate) const {
  for (std::size_t d = 0; d < space_.size(); ++d) {
    const std::int64_t levels = space_.levels(d);
    if (levels < 2) continue;
    const std::int64_t now = space_.level_of(d, candidate.point[d]);
    const bool all = levels <= most_levels_tried;
    for (std::int64_t level = all ? 0 : std::max<std::int64_t>(0, now - 1);
         level <= (all ? levels - 1 : std::min(levels - 1, now + 1)); ++level) {
      if (level == now) continue;
      Candidate other = candidate;
      other.point[d] = space_.at_level(d, level);
      other.merit = merit(other.point);
      if (other.merit > candidate.merit) candidate = std::move(other);
    }
  }
}

std::vector<Candidate> Seeker::seek(const std::vector<std::vector<double>>& centres) const {
  std::vector<Candidate> candidates;
  for (std::uint64_t c = 0; c < effort_.anywhere; ++c) candidates.push_back({anywhere(c)});
  for (std::uint64_t c = 0; c < effort_.near && !centres.empty(); ++c)
    candidates.push_back({near(centres[(c / 3) % centres.size()], c)});
  for (Candidate& c : candidates) c.merit = merit(c.point);
  const auto better = [](const Candidate& a, const Candidate& b) { return a.merit > b.merit; };
  std::stable_sort(candidates.begin(), candidates.end(), better);
  for (std::size_t c = 0; c < std::min(effort_.climbs, candidates.size()); ++c) {
    climb(candidates[c], evaluations_first);
    try_levels(candidates[c]);
    climb(candidates[c], evaluations_then);
  }
  std::stable_sort(candidates.begin(), candidates.end(), better);
  return candidates;
}

/// Of trials from the best on, at most so many: the better half of them as they are, the others evenly from the rest.
std::vector<std::size_t> thinned(const std::vector<std::size_t>& order, std::size_t most) {
  if (order.size() <= most) return order;
  const std::size_t best = most / 2;
  std::vector<std::size_t> kept(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(best));
  for (std::size_t i = 0; i < most - best; ++i) kept.push_back(order[best + i * (order.size() - best) / (most - best)]);
  return kept;
}

template <class T>
std::vector<T> picked(const std::vector<T>& from, const std::vector<std::size_t>& which) {
  std::vector<T> result;
  result.reserve(which.size());
  for (const std::size_t i : which) result.push_back(from[i]);
  return result;
}

}  // namespace

std::vector<Place> likeliest_improvements(const std::vector<Dimension>& dimensions, std::uint64_t seed,
                                          const Evidence& evidence, std::int64_t count) {
  const ModelSpace space(dimensions);
  Points points;
  for (const Place& place : evidence.places) points.push_back(space.point(place));
  std::set<std::vector<double>> known(points.begin(), points.end());
  const std::vector<double> targets = targets_of(evidence.scores);
  // From the best on, those that failed last.
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto& x = evidence.scores[a];
    const auto& y = evidence.scores[b];
    return x && (!y || *x < *y);
  });
  const auto good = static_cast<std::size_t>(
      std::count_if(evidence.scores.begin(), evidence.scores.end(), [](const auto& s) { return s.has_value(); }));

  const std::vector<std::size_t> few = thinned(order, most_points_of_kernel);
  Kernel kernel = most_likely_kernel(space.categorical(), picked(points, few), picked(targets, few));
  const std::vector<std::size_t> used = thinned(order, most_points);
  std::optional<GaussianProcess> process;
  for (; !process; kernel.noise *= 10.0)
    process = GaussianProcess::of(kernel, space.categorical(), picked(points, used), picked(targets, used));

  // What was measured is partly noise: the best is the lowest that the process makes of a place that was tried.
  double best = std::numeric_limits<double>::infinity();
  Points centres;
  for (std::size_t i = 0; i < std::min(good, used.size()); ++i) {
    best = std::min(best, process->at(points[used[i]]).mean);
    if (centres.size() < most_centres) centres.push_back(points[used[i]]);
  }
  std::vector<Place> places;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t trial = evidence.places.size() + static_cast<std::uint64_t>(i);
    const Effort& effort = i < trials_of_whole_effort ? whole : reduced;
    const std::vector<Candidate> found = Seeker(space, *process, best, seed, trial, effort).seek(centres);
    auto next = std::find_if(found.begin(), found.end(), [&](const Candidate& c) { return !known.contains(c.point); });
    if (next == found.end()) next = found.begin();
    known.insert(next->point);
    places.push_back(space.place(next->point));
    process->believe(next->point);
    best = std::min(best, process->at(next->point).mean);  // else the next is looked for beside it
  }
  return places;
}

}  // namespace shoal
