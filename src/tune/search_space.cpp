#include "shoal/tune/search_space.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <limits>

#include "shoal/config/assign.hpp"
#include "shoal/config/model_layers.hpp"
#include "shoal/config/text.hpp"
#include "shoal/core/elementary.hpp"

namespace shoal {
namespace {

/// e^r with r at place u between the logarithms of a and b; exactly a and b at the ends.
double between_logs(double a, double b, double u) {
  if (u <= 0.0) return a;
  if (u >= 1.0) return b;
  const double from = elementary::log(a);
  const double to = elementary::log(b);
  return std::clamp(elementary::exp(from + u * (to - from)), std::min(a, b), std::max(a, b));
}

double whole_number_at(const Dimension& d, double u) {
  const double number = d.scale == Scale::log ? std::round(between_logs(d.min - 0.5, d.max + 0.5, u))
                                              : d.min + std::floor(u * (d.max - d.min + 1.0));
  return std::clamp(number, d.min, d.max);
}

std::string number_text(const Dimension& d, double number) {
  return d.integer ? config_text::value(static_cast<std::int64_t>(number)) : config_text::value(number);
}

/// Of `levels` whole numbers on the log scale, number `index`: spread evenly where they lie more than 1 apart, one
/// after the other below. Two never meet, and the last is the greatest: what is spread evenly in the exponent grows
/// ever faster.
double whole_level(const Dimension& d, std::int64_t index, double along) {
  return std::max(d.min + static_cast<double>(index), std::round(between_logs(d.min, d.max, along)));
}

double place_between_logs(double a, double b, double number) {
  const double from = elementary::log(a);
  const double to = elementary::log(b);
  return (elementary::log(number) - from) / (to - from);
}

/// The middle of what whole_number_at() makes this number of.
double place_of_whole(const Dimension& d, double number) {
  return place_between_logs(d.min - 0.5, d.max + 0.5, number);
}

}  // namespace

double number_at(const Dimension& d, double u) {
  if (d.scale == Scale::choices) {
    const auto last = static_cast<double>(d.choices.size()) - 1.0;
    return std::min(std::floor(u * (last + 1.0)), last);
  }
  if (d.integer) return whole_number_at(d, u);
  switch (d.scale) {
    case Scale::log: return between_logs(d.min, d.max, u);
    case Scale::one_minus_log:
      if (u <= 0.0) return d.min;  // 1 - (1 - min) need not be min
      return std::clamp(1.0 - between_logs(1.0 - d.min, 1.0 - d.max, u), d.min, d.max);
    default: return u >= 1.0 ? d.max : std::clamp(d.min + u * (d.max - d.min), d.min, d.max);
  }
}

std::string value_at(const Dimension& d, double u) {
  const double number = number_at(d, u);
  return d.scale == Scale::choices ? d.choices[static_cast<std::size_t>(number)] : number_text(d, number);
}

std::string values_at(const std::vector<Dimension>& space, const std::vector<double>& place) {
  std::string values;
  for (std::size_t d = 0; d < space.size(); ++d) values += value_at(space[d], place[d]) + '\n';
  return values;
}

double place_of(const Dimension& d, double number) {
  if (d.scale == Scale::choices) return (number + 0.5) / static_cast<double>(d.choices.size());
  if (d.min == d.max) return 0.5;
  if (d.scale == Scale::log && d.integer) return place_of_whole(d, number);
  if (d.integer) return (number - d.min + 0.5) / (d.max - d.min + 1.0);
  switch (d.scale) {
    case Scale::log: return place_between_logs(d.min, d.max, number);
    case Scale::one_minus_log: return place_between_logs(1.0 - d.min, 1.0 - d.max, 1.0 - number);
    default: return (number - d.min) / (d.max - d.min);
  }
}

double settled_place(const Dimension& d, double u) {
  if (most_levels(d) == 1) return 0.5;
  return d.scale == Scale::choices || d.integer ? place_of(d, number_at(d, u)) : u;
}

double grid_place(const Dimension& d, std::int64_t index, std::int64_t levels) {
  assert(index >= 0 && index < levels);
  const double along = levels == 1 ? 0.5 : static_cast<double>(index) / static_cast<double>(levels - 1);
  if (d.scale == Scale::log && d.integer) return place_of(d, whole_level(d, index, along));
  const bool cells = d.scale == Scale::choices || d.integer;
  if (!cells) return along;
  // The middle of the cell of a whole number, so that levels do not meet.
  const auto count = static_cast<double>(most_levels(d));
  return (std::floor(along * (count - 1.0) + 0.5) + 0.5) / count;
}

std::int64_t most_levels(const Dimension& d) {
  if (d.scale == Scale::choices) return static_cast<std::int64_t>(d.choices.size());
  if (d.min == d.max) return 1;
  return d.integer ? static_cast<std::int64_t>(d.max - d.min) + 1 : std::numeric_limits<std::int64_t>::max();
}

Config trial_config(const Config& base, const std::vector<Dimension>& space, const std::vector<double>& places) {
  assert(space.size() == places.size());
  Config config = base;
  config.sweep = {};
  for (std::size_t d = 0; d < space.size(); ++d) assign(config, space[d].key, value_at(space[d], places[d]));
  const auto searched = [&space](const char* key) {
    return std::any_of(space.begin(), space.end(), [&](const Dimension& d) { return d.key == key; });
  };
  // Repeats by other seeds are compared on the same rows.
  if (searched("seed") && base.data.split_seed < 0) config.data.split_seed = static_cast<std::int64_t>(base.seed);
  // By the space or, in so many words, by the base: [] and 0 are the defaults as well.
  const auto said = [&](const char* key) { return searched(key) || !base.place_of(key).empty(); };
  if (searched("model.depth") && config.model.depth == 0) config.model.width = 0;
  if (said("model.depth") || said("model.hidden")) take_no_hidden_layers_at_their_word(config.model);
  return config;
}

}  // namespace shoal
