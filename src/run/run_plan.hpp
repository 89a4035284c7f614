#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/run/run.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/train/loaded_checkpoint.hpp"

namespace shoal {

/// Where a run writes and what it goes on from, as rank 0 finds it on disk.
struct RunPlan {
  Config config;                            ///< of the run's start; the journal says what changed since
  NudgeJournal journal;                     ///< past nudges, and those to come
  std::string run;                          ///< path of the run directory
  std::string run_base;                     ///< `run` is, or will be, the next free name after this, if not empty
  bool in_place = false;                    ///< it is there, and goes on; else it is to be made
  std::optional<LoadedCheckpoint> resumed;  ///< the checkpoint to go on from
  std::string resumed_path;
  std::string parent;                     ///< checkpoint that this run branched from, if it did
  std::string init_from;                  ///< checkpoint whose parameters were the run's start, if any
  std::string replays;                    ///< the run that this one repeats, if any
  std::string event_file;                 ///< with train.tensorboard, once the directory is prepared
  std::string stopped_by;                 ///< what ended the run loop before its time, once that is over
  std::vector<std::string> idle;          ///< lines about keys that the request sets to no effect
  std::string content;                    ///< of the data to repeat it on, where `resumed` does not say
  std::optional<RunDirectory> directory;  ///< of a run that goes on; a new one is made when all is checked
};

/// A text that a checkpoint need not have.
std::string attribute_or_empty(const Archive& archive, const std::string& name);

/// Resolves a request on this process alone, and takes the directory of a run that goes on, unless it is a dry run.
/// @throws Error  see ExitStatus
RunPlan plan_run(const TrainRequest& request);

/// How a run began, by its config.toml, with changes that change no bit.
/// @param what  repeats it, for messages  @throws Error(usage)  another change
Config config_to_repeat(const std::string& run, const std::vector<std::string>& sets, const std::string& what);

}  // namespace shoal
