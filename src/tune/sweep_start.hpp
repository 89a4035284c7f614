#pragma once

#include <string>
#include <vector>

#include "shoal/config/sweep_settings.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/training.hpp"
#include "shoal/tune/sweep.hpp"
#include "tune/sampler.hpp"
#include "tune/sweep_directory.hpp"

namespace shoal {

/// What a sweep does, and where; found on rank 0 alone.
struct SweepRequestPlan {
  Config config;  ///< as resolved
  std::string folder;
  std::string folder_base;  ///< `folder` will be the next free name after this, if not empty
  bool goes_on = false;     ///< there is a sweep to go on with
};
/// @throws Error  usage: config or options; no_input; taken: the folder holds a run already
SweepRequestPlan resolve(const SweepRequest& request);

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

/// Collective. Ranks claim trials by files: the folder of claims, which rank 0 has made, must be one for all.
/// @throws SharedError(input_output)  naming a rank that does not see it, and its host
void check_folder(const std::string& claims, const Communicator& world);

/// A line for each key that was set, or is searched, and in no trial acts as it says. Those of the first round are
/// asked.
std::vector<std::string> idle_lines(const SweepTask& task);
/// Of a search that would choose by results, and has too few trials for it; empty: it has enough, or is none.
std::string too_few_trials_line(const SweepSettings& settings);

/// Makes or takes the folder. @throws Error  taken; bad_data: it was begun on other data; input_output
SweepDirectory take_folder(const SweepRequestPlan& plan, const SweepTask& task);

}  // namespace shoal
