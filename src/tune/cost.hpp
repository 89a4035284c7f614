#pragma once

#include <cstdint>

#include "train/training.hpp"

namespace shoal {

/// About how long an epoch, or where `whole` all of its training, takes a trial, in any unit: long trials are begun
/// first, so that ranks end together. Nothing else depends on it. 0 for a config that cannot be trained.
double estimated_cost(const Config& config, const TrainingData& data, bool whole);

}  // namespace shoal
