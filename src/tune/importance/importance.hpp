#pragma once

#include <span>
#include <vector>

#include "shoal/tune/sweep_view.hpp"

namespace shoal {

/// Ranks from 0 with the mean for ties.
std::vector<double> ranks_of(std::span<const double> values);

/// What mattered; see SweepImportance. Shares are those of variance_shares().
/// @param values  per dimension the numbers of all trials (see number_at)
/// @param metric  of the same trials
SweepImportance importance(const std::vector<Dimension>& space, const std::vector<std::vector<double>>& values,
                           std::span<const double> metric);

}  // namespace shoal
