#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"

namespace shoal {

/// How the values of a hyperparameter lie between its ends. The logarithmic ones spend as much on every factor of ten.
enum class Scale {
  linear,
  log,            ///< 10^r, r uniform
  one_minus_log,  ///< 1 - 10^r, r uniform: as much on 0.9..0.99 as on 0.99..0.999, for momentum and Adam's betas
  choices,        ///< one of a list
};

/// One hyperparameter of a search. A value is told by its place u from 0 to 1 on the hyperparameter's own scale: u
/// uniform draws what the scale promises, and what is near in u is near in effect.
struct Dimension {
  std::string key = {};  ///< in full: "optimizer.learning_rate"
  Scale scale = Scale::linear;
  double min = 0.0;  ///< both ends belong to the range; unused with choices
  double max = 0.0;
  bool integer = false;                   ///< whole numbers, the ends as likely as those inside
  std::vector<std::string> choices = {};  ///< as TOML

  bool operator==(const Dimension&) const = default;
};

/// The number at place u in [0, 1], within [min, max]; for choices, which one, from 0. The same bits on every
/// processor.
///   linear         min + u (max - min); of whole numbers, each has an equal part of [0, 1]
///   log            10^r, r from log10(min) to log10(max); whole numbers are rounded from [min - 0.5, max + 0.5]
///   one_minus_log  1 - 10^r, r from log10(1 - min) to log10(1 - max)
double number_at(const Dimension& dimension, double u);

/// The value at place u as TOML (which JSON reads alike): numbers as the shortest text that reads back equal.
std::string value_at(const Dimension& dimension, double u);

/// The place of value `index` of `levels` (0 to levels - 1) that are spread evenly over the scale, both ends among
/// them.
double grid_place(const Dimension& dimension, std::int64_t index, std::int64_t levels);
/// How many levels can differ: choices and whole numbers have an end.
std::int64_t most_levels(const Dimension& dimension);

/// The config of one trial: `base` with the values at `places`, one per dimension, and without [sweep]. model.depth = 0
/// is a linear model, whatever model.width says. Not checked: see check_config.
Config trial_config(const Config& base, const std::vector<Dimension>& space, const std::vector<double>& places);

}  // namespace shoal
