#pragma once

#include "shoal/train/training.hpp"

namespace shoal {

/// What a training takes, estimated from its list of layers: nothing is made, so that models of any size can be asked
/// for.
struct TrainingCost {
  double model_bytes = 0.0;  ///< to train and to save what does not grow with the batch; ranks of a host share it
  double batch_bytes = 0.0;  ///< of what every sample of a batch takes, over all ranks
  double epoch = 0.0;        ///< about how long an epoch takes, in a unit of its own
  double whole = 0.0;        ///< about how long all of its training takes, in the same
};
TrainingCost estimate_cost(const Config& config, const TrainingData& data);

/// Refuses a model or batch that this host cannot hold: the system would grant the memory, and kill the job when it is
/// used. hosts: that train together. @throws Error(usage)  naming bytes and key, and nothing of the host
void check_memory(const Config& config, const TrainingData& data, int hosts = 1);

}  // namespace shoal
