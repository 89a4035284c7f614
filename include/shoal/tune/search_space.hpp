#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/config/sweep_settings.hpp"

namespace shoal {

/// The number at place u in [0, 1], within [min, max]; for choices, which one, from 0. The same bits on every
/// processor.
///   linear         min + u (max - min); of whole numbers, each has an equal part of [0, 1]
///   log            10^r, r from log10(min) to log10(max); whole numbers are rounded from [min - 0.5, max + 0.5]
///   one_minus_log  1 - 10^r, r from log10(1 - min) to log10(1 - max)
double number_at(const Dimension& dimension, double u);

/// The value at place u as TOML: numbers as the shortest text that reads back equal.
std::string value_at(const Dimension& dimension, double u);

/// All values at a place, a line each: equal where trials would have the same, so after rounding.
std::string values_at(const std::vector<Dimension>& space, const std::vector<double>& place);

/// The other way round: the place of a number in [min, max] of a dimension with a scale, of whole numbers and of
/// choices (by their number, from 0) the middle of those that make it. 0.5 where min = max.
double place_of(const Dimension& dimension, double number);
/// The place that stands for all places of the value at u: u itself where there is no end of values.
double settled_place(const Dimension& dimension, double u);

/// The place of value `index` of `levels` (0 to levels - 1) that are spread evenly over the scale, both ends among
/// them.
double grid_place(const Dimension& dimension, std::int64_t index, std::int64_t levels);
/// How many levels can differ: choices and whole numbers have an end.
std::int64_t most_levels(const Dimension& dimension);

/// The config of one trial: `base` with the values at `places`, one per dimension, and without [sweep]. model.depth = 0
/// is a linear model, whatever model.width says. Where `seed` is searched the rows to validate on, and folds, are still
/// drawn by that of `base`. Not checked: see check_config.
Config trial_config(const Config& base, const std::vector<Dimension>& space, const std::vector<double>& places);

}  // namespace shoal
