#pragma once

#include <cstdint>
#include <string>

#include "shoal/train/training.hpp"

namespace shoal {

/// Who trains on a host at the same time.
struct HostLoad {
  int ranks = 1;          ///< that make one training
  int ranks_on_host = 1;  ///< those of them on this host
  int trainings = 1;      ///< that this host takes part in: a sweep has several

  /// Of a training by all ranks of a communicator.
  static HostLoad of(const Communicator& comm) { return {comm.size(), comm.ranks_on_host(), 1}; }
};

/// What a training takes, estimated from its list of layers, or from the graph of those that take images or hold
/// others: no array is made, so that models of any size can be asked for.
struct TrainingCost {
  double model_bytes = 0.0;  ///< on a host, to train and to save what does not grow with the batch
  double batch_bytes = 0.0;  ///< on a host, of what every sample takes
  double judge_bytes = 0.0;  ///< on a host, of what is predicted of the rows to validate on, as SplitJudge keeps it
  double epoch = 0.0;        ///< about how long an epoch takes, in a unit of its own
  double whole = 0.0;        ///< about how long all of its training takes, in the same
};
/// The memory is that of one of the trainings on a host.
TrainingCost estimate_cost(const Config& config, const TrainingData& data, const HostLoad& load = {});

/// Refuses a model or batch that this host cannot hold: the system would grant the memory, and kill the job when it is
/// used. @throws Error(usage)  naming bytes and key, and the load where it is not that of one rank; nothing of the host
void check_memory(const Config& config, const TrainingData& data, const HostLoad& load = {});

/// The same of judging rows by a model of so many outputs, by ranks that keep what they predict of them until the end.
/// name: of the rows, for the message
void check_judge_memory(const std::string& name, std::int64_t rows, std::int64_t outputs, const HostLoad& load);

}  // namespace shoal
