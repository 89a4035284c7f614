#include "tune/population/population.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>
#include <utility>

#include "shoal/config/config.hpp"
#include "shoal/core/random.hpp"
#include "shoal/tune/search_space.hpp"

namespace shoal {
namespace {

constexpr double step = 0.1;         // of a scale
constexpr double drawn_anew = 0.25;  // of choices

/// To find a place that no other has: enough for the last of a few dozen values.
constexpr std::int64_t most_draws_of_a_place = 1000;
constexpr int attempt_bits = 32;  // of the item of a draw, above the member

std::size_t index(std::int64_t i) { return static_cast<std::size_t>(i); }

/// Generations count from 1 here; index 0 has what the first places are drawn by. Lanes: dimensions, and one more.
RandomSource draws_of_generation(std::uint64_t seed, std::int64_t generation, std::size_t lane) {
  return {seed, Purpose::search, static_cast<std::uint64_t>(generation), static_cast<std::uint32_t>(lane)};
}

/// A step that leads nowhere, since the place is an end of the scale already, goes the other way.
double stepped(double from, double by) {
  const double to = std::clamp(from + by, 0.0, 1.0);
  return to != from ? to : std::clamp(from - by, 0.0, 1.0);
}

}  // namespace

std::int64_t cut_off(double share, std::int64_t members) {
  return std::clamp<std::int64_t>(std::llround(share * static_cast<double>(members)), 1, members / 2);
}

Place moved_place(const std::vector<Dimension>& space, std::uint64_t seed, std::int64_t generation, std::int64_t member,
                  const Place& from, std::int64_t attempt) {
  const auto item = static_cast<std::uint64_t>(member) | static_cast<std::uint64_t>(attempt) << attempt_bits;
  Place place = from;
  for (std::size_t d = 0; d < space.size(); ++d) {
    if (!may_be_nudged(space[d].key)) continue;
    const RandomSource source = draws_of_generation(seed, generation, d);
    if (space[d].scale != Scale::choices) {
      const double by = attempt == 0 ? step : step * (0.5 + 1.5 * source.uniform(item, 1));
      place[d] = stepped(from[d], source.below(2, item) == 1 ? by : -by);
    } else if (source.uniform(item) < drawn_anew) {
      place[d] = source.uniform(item, 1);
    }
  }
  return place;
}

Population::Population(std::vector<Place> first) : weights_(first.size(), 0) {
  Generation generation{std::vector<std::int64_t>(first.size()), std::move(first)};
  std::iota(generation.parents.begin(), generation.parents.end(), 0);
  generations_.push_back(std::move(generation));
}

Place Population::place_of_its_own(const SweepSettings& settings, std::uint64_t seed, std::int64_t generation,
                                   std::int64_t member, const Place& from, std::int64_t weights,
                                   std::span<const Training> others) {
  for (std::int64_t attempt = 0; attempt < most_draws_of_a_place; ++attempt) {
    Place place = moved_place(settings.space, seed, generation, member, from, attempt);
    const Training training{weights, values_at(settings.space, place)};
    if (std::find(others.begin(), others.end(), training) == others.end()) return place;
  }
  return moved_place(settings.space, seed, generation, member, from);
}

void Population::breed(const SweepSettings& settings, std::uint64_t seed, std::span<const std::int64_t> from_best,
                       std::int64_t good) {
  assert(good > 0 && from_best.size() == generations_.back().places.size());
  const auto members = static_cast<std::int64_t>(from_best.size());
  const auto number = static_cast<std::int64_t>(generations_.size());
  const std::int64_t cut = cut_off(settings.population.exploit, members);
  const std::int64_t stay = std::min(good, members - cut);
  const RandomSource source = draws_of_generation(seed, number, settings.space.size());
  const std::vector<Place>& before = generations_.back().places;
  std::map<Training, std::int64_t> ended;
  std::vector<std::int64_t> weights;  // at the end of the generation
  for (std::int64_t m = 0; m < members; ++m) {
    const Training training{weights_[index(m)], values_at(settings.space, before[index(m)])};
    weights.push_back(ended.emplace(training, m).first->second);
  }
  Generation next = generations_.back();
  std::iota(next.parents.begin(), next.parents.end(), 0);
  weights_ = weights;
  std::vector<Training> begun;
  for (std::int64_t rank = 0; rank < members; ++rank) {
    const std::int64_t member = from_best[index(rank)];
    Place& place = next.places[index(member)];
    if (rank >= stay) {
      const auto drawn =
          source.below(static_cast<std::uint64_t>(std::min(cut, good)), static_cast<std::uint64_t>(member));
      const std::int64_t copied = from_best[static_cast<std::size_t>(drawn)];
      next.parents[index(member)] = copied;
      weights_[index(member)] = weights[index(copied)];
      place = place_of_its_own(settings, seed, number, member, before[index(copied)], weights[index(copied)], begun);
    }
    begun.emplace_back(weights_[index(member)], values_at(settings.space, place));
  }
  generations_.push_back(std::move(next));
}

const std::vector<Place>& Population::places(std::int64_t generation) const {
  return generations_.at(index(generation)).places;
}

std::vector<Forebear> Population::lineage(std::int64_t member, std::int64_t generation) const {
  std::vector<Forebear> lineage(index(generation) + 1);
  for (std::int64_t g = generation; g >= 0; --g) {
    const Generation& at = generations_.at(index(g));
    lineage[index(g)] = {member, at.places[index(member)]};
    member = at.parents[index(member)];
  }
  return lineage;
}

}  // namespace shoal
