#pragma once

#include <string>
#include <vector>

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

}  // namespace shoal
