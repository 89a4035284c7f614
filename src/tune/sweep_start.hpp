#pragma once

#include <string>
#include <vector>

#include "shoal/train/training.hpp"
#include "shoal/tune/sweep.hpp"
#include "tune/sweep_directory.hpp"
#include "tune/sweep_settings.hpp"

namespace shoal {

/// What a sweep does, and where; found on rank 0 alone.
struct SweepRequestPlan {
  Config config;  ///< as resolved
  std::string folder;
  bool goes_on = false;  ///< there is a sweep to go on with
};
/// @throws Error  usage: config or options; no_input; taken: the folder holds a run already
SweepRequestPlan resolve(const SweepRequest& request);

/// What trials are made of, the same on every rank.
struct SweepTask {
  Config base;  ///< of all trials: without [sweep], and with a part of train set apart where there is no validation
  SweepSettings settings;
  TrainingData data;
};
/// Collective. Reads [sweep] and the data, and checks both: every value of the data, each rank its share, and that at
/// least one trial can be made. @throws SharedError  usage, no_input, bad_data
SweepTask prepare(const Config& config, Communicator& comm);

/// A line for each key that was set, or is searched, and in no trial acts as it says. Those of the first round are
/// asked.
std::vector<std::string> idle_lines(const SweepTask& task);

/// Makes or takes the folder. @throws Error  taken; bad_data: it was begun on other data; input_output
SweepDirectory take_folder(const SweepRequestPlan& plan, const SweepTask& task);

}  // namespace shoal
