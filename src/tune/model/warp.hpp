#pragma once

#include <optional>
#include <span>
#include <vector>

namespace shoal {

/// Scores, lower is better, as targets of a model: mean 0, variance 1, in the same order. Losses range over orders of
/// magnitude, with a few good ones and a long tail of bad ones on which no model should spend itself. So a score counts
/// by log(1 + (score - best) / (median - best)): as it is near the best, by its order of magnitude far from it. A trial
/// that failed counts as the worst of the others. Where no two scores differ, all are 0.
std::vector<double> targets_of(std::span<const std::optional<double>> scores);

}  // namespace shoal
