#pragma once

#include <span>
#include <vector>

#include "shoal/tune/sweep_view.hpp"

namespace shoal {

/// Ranks from 0 with the mean for ties.
std::vector<double> ranks_of(std::span<const double> values);

/// @param values  per dimension the numbers of all trials (see number_at)
/// @param metric  of the same trials
/// @returns sorted by share, highest first, those without one last
std::vector<Importance> importance(const std::vector<Dimension>& space, const std::vector<std::vector<double>>& values,
                                   std::span<const double> metric);

}  // namespace shoal
