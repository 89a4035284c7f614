#include "tune/sampler.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <functional>
#include <limits>
#include <numeric>

#include "shoal/core/error.hpp"
#include "shoal/core/random.hpp"
#include "shoal/tune/search_space.hpp"
#include "tune/sobol.hpp"

namespace shoal {
namespace {

/// What a trial draws: element 0 is its place, element 1 whether it leaves a survivor's choice.
RandomSource draws(std::uint64_t seed, std::size_t dimension) {
  return {seed, Purpose::search, 0, static_cast<std::uint32_t>(dimension)};
}

std::uint64_t item(std::int64_t trial) { return static_cast<std::uint64_t>(trial); }

/// floor(a b / c) without overflow of the product: 128 bits.
std::int64_t scaled(std::int64_t a, std::int64_t b, std::int64_t c) {
  __extension__ using Wide = __int128;
  return static_cast<std::int64_t>(static_cast<Wide>(a) * b / c);
}

std::int64_t points_of(const std::vector<std::int64_t>& levels) {
  return std::accumulate(levels.begin(), levels.end(), std::int64_t{1}, std::multiplies());
}

Place grid_point(const SweepSettings& settings, std::int64_t trial) {
  const std::vector<std::int64_t> levels = grid_levels(settings.space, settings.trials);
  const std::int64_t points = points_of(levels);
  // Where trials outnumber the points, the grid is repeated: those trials take the results of the first.
  std::int64_t rest = points >= settings.trials ? scaled(trial, points, settings.trials) : trial % points;
  Place place(settings.space.size());
  for (std::size_t d = place.size(); d-- > 0;) {
    place[d] = grid_place(settings.space[d], rest % levels[d], levels[d]);
    rest /= levels[d];
  }
  return place;
}

}  // namespace

std::vector<std::int64_t> grid_levels(const std::vector<Dimension>& space, std::int64_t trials) {
  std::vector<std::int64_t> levels(space.size(), 1);
  std::int64_t points = 1;
  while (points < trials) {
    std::size_t fewest = space.size();
    for (std::size_t d = 0; d < space.size(); ++d) {
      if (levels[d] >= most_levels(space[d])) continue;
      if (fewest == space.size() || levels[d] < levels[fewest]) fewest = d;
    }
    if (fewest == space.size()) break;
    points = points / levels[fewest] * (levels[fewest] + 1);
    ++levels[fewest];
  }
  return levels;
}

std::string grid_line(const SweepSettings& settings) {
  const std::vector<std::int64_t> levels = grid_levels(settings.space, settings.trials);
  std::vector<std::string> parts;
  double all = 1.0;  // points that there are
  for (std::size_t d = 0; d < levels.size(); ++d) {
    const Dimension& dimension = settings.space[d];
    const std::int64_t most = most_levels(dimension);
    all *= static_cast<double>(most);
    const bool has_end = most < std::numeric_limits<std::int64_t>::max();
    parts.push_back(has_end && most > levels[d]
                        ? fmt::format("{} of the {} values of {}", levels[d], most, dimension.key)
                        : fmt::format("{} of {}", counted(levels[d], has_end ? "value" : "level"), dimension.key));
  }
  const std::int64_t points = points_of(levels);
  constexpr double countable = 1e6;  // more are as good as no end
  std::string line = fmt::format("grid: {}; {}", fmt::join(parts, ", "),
                                 all < countable && points < static_cast<std::int64_t>(all)
                                     ? fmt::format("{} of the {} points", points, all)
                                     : counted(points, "point"));
  if (points > settings.trials)
    line += fmt::format(", of which sweep.trials = {} leaves out {}", settings.trials, points - settings.trials);
  if (points < settings.trials)
    line += settings.population.enabled()
                ? fmt::format(", all that there are: of the {} members some begin alike", settings.trials)
                : fmt::format(", all that there are: sweep.trials = {} repeats {}, without training", settings.trials,
                              settings.trials - points);
  return line;
}

Place first_place(const SweepSettings& settings, std::uint64_t seed, std::int64_t trial) {
  if (settings.search == Search::grid) return grid_point(settings, trial);
  Place place(settings.space.size());
  const bool even = settings.search == Search::quasi_random ||
                    (learns(settings.search) && settings.space.size() <= most_sobol_dimensions);
  for (std::size_t d = 0; d < place.size(); ++d) {
    const RandomSource source = draws(seed, d);
    if (even) {
      const auto scramble = static_cast<std::uint32_t>(source.bits(0));
      place[d] = scrambled_sobol(static_cast<std::uint32_t>(trial), static_cast<int>(d), scramble);
    } else {
      place[d] = source.uniform(item(trial));
    }
  }
  return place;
}

double box_low(double centre, double width) { return std::clamp(centre - 0.5 * width, 0.0, 1.0 - width); }

Place finer_place(const SweepSettings& settings, std::uint64_t seed, std::int64_t trial,
                  std::span<const Place> survivors, double width) {
  assert(!survivors.empty());
  const Place& centre = survivors[item(trial) % survivors.size()];
  Place place = centre;
  for (std::size_t d = 0; d < place.size(); ++d) {
    const RandomSource source = draws(seed, d);
    const double u = source.uniform(item(trial));
    if (settings.space[d].scale == Scale::choices) {
      if (source.uniform(item(trial), 1) < width) place[d] = u;
    } else {
      place[d] = box_low(centre[d], width) + u * width;
    }
  }
  return place;
}

}  // namespace shoal
