#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shoal/tune/search_space.hpp"

namespace shoal {

/// How much one hyperparameter mattered, over trials that were trained for equally long.
struct Importance {
  std::string key;
  /// Spearman's rank correlation of value and metric, -1 to 1; none for choices, which have no order, or where all are
  /// equal. Source: Spearman, The proof and measurement of association between two things (1904).
  std::optional<double> correlation;
  /// Share of the variance of the metric's ranks that lies between up to five groups of values, 0 to 1, corrected for
  /// what chance alone explains: sees influence that rises and falls. This is functional ANOVA on one parameter at a
  /// time (Hutter, Hoos and Leyton-Brown, An efficient approach for assessing hyperparameter importance, ICML 2014)
  /// with the epsilon squared of Kelley, An unbiased correlation ratio measure (PNAS 1935). Each choice is a group.
  /// None where it cannot be estimated: fewer than 8 trials, or than 2 a group, metrics or values that are all equal.
  std::optional<double> share;
};

/// Ranks from 0 with the mean for ties.
std::vector<double> ranks_of(std::span<const double> values);

/// @param values  per dimension the numbers of all trials (see number_at)
/// @param metric  of the same trials
/// @returns sorted by share, highest first, those without one last
std::vector<Importance> importance(const std::vector<Dimension>& space, const std::vector<std::vector<double>>& values,
                                   std::span<const double> metric);

}  // namespace shoal
