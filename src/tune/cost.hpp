#pragma once

#include "train/training.hpp"

namespace shoal {

/// What a trial takes, estimated from its list of layers: nothing is made, so that models of any size can be asked for.
struct TrialCost {
  double bytes = 0.0;  ///< on each rank, to train the model and to save it
  double epoch = 0.0;  ///< about how long an epoch takes, in a unit of its own
  double whole = 0.0;  ///< about how long all of its training takes, in the same
};
TrialCost estimate_cost(const Config& config, const TrainingData& data);

/// Refuses a model that this host cannot hold: the system would grant the memory, and kill the job when it is used.
/// @throws Error(usage)
void check_memory(const Config& config, const TrainingData& data);

}  // namespace shoal
