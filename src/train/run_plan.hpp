#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/io/archive.hpp"
#include "shoal/train/config.hpp"
#include "shoal/train/run.hpp"
#include "shoal/train/run_directory.hpp"

namespace shoal {

/// Where a run writes and what it goes on from, as rank 0 finds it on disk.
struct RunPlan {
  Config config;
  std::string run;                                ///< path of the run directory
  std::optional<std::vector<std::byte>> resumed;  ///< bytes of the checkpoint to go on from
  std::string resumed_path;
  std::string parent;                             ///< checkpoint that this run branches from, if it does
  std::optional<RunDirectory> directory;          ///< of a run that goes on; a new one is made when all is checked
};

/// Resolves a request on this process alone, and takes the directory of a run that goes on, unless it is a dry run.
/// @throws Error  see ExitStatus
RunPlan plan_run(const TrainRequest& request);

}  // namespace shoal
