#pragma once

#include <cstdint>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/config/sweep_settings.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/training.hpp"
#include "tune/sampler.hpp"

namespace shoal {

/// What trials are made of, the same on every rank.
struct SweepTask {
  Config base;  ///< of all trials: without [sweep], and with a part of train set apart where there is no validation
  SweepSettings settings;
  TrainingData data;  ///< with folds, of the first: sizes and kinds are those of any
  std::vector<TrainingData> folds = {};

  /// Of a model. fold: from 1; 0: trials have one model
  const TrainingData& data_of(std::int64_t fold) const {
    return fold > 0 ? folds[static_cast<std::size_t>(fold - 1)] : data;
  }
  /// What `shoal train` would be given to train that model.
  Config config_of(const Place& place, std::int64_t fold) const;
};
/// Collective. Reads [sweep] and the data, and checks both: every value of the data, each rank its share, and that at
/// least one trial can be made. @throws SharedError  usage, no_input, bad_data
SweepTask prepare(const Config& config, Communicator& comm);

/// Collective. The data of a config that is no trial of the sweep, but of the same file.
/// @throws SharedError  as prepare()
TrainingData prepare_data(const Config& config, Communicator& comm);

/// How the ranks of a host are loaded while all train. world: all ranks.
HostLoad load_of(const Communicator& world, const SweepSettings& settings);

/// A trial that a host can hold, but not as often as its ranks would train it at a time, is no bad trial: the sweep
/// asks for too many ranks. @throws Error(usage)
void check_room(const Config& trial, const TrainingData& data, const HostLoad& load);

}  // namespace shoal
