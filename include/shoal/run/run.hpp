#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/core/error.hpp"

namespace shoal {

/// `shoal train`, as the command line gives it.
struct TrainRequest {
  std::optional<std::string> config;
  std::vector<std::string> sets;
  std::optional<std::string> run;            ///< run directory
  std::optional<std::string> resume;         ///< a checkpoint, a run directory, or "auto"
  std::optional<std::int64_t> rewind;        ///< with resume: branch from the checkpoint of this step
  std::optional<std::string> init_from;      ///< a checkpoint whose parameters are the start
  std::optional<std::string> replay;         ///< a run directory, to be repeated with all its nudges in another one;
                                             ///< of a sweep with a population: its winner
  bool dry_run = false;                      ///< print what would be trained, and write nothing
  bool profile = false;                      ///< print to standard output where the time of the steps went
  std::optional<std::string> profile_trace;  ///< also a Chrome trace, into this file
};

/// Collective. Trains in a run directory until the end, a stop signal or max_seconds.
/// @returns done or stopped
/// @throws Error  for all that can be wrong, see ExitStatus; whatever was saved before stays
ExitStatus train_run(const TrainRequest& request, Communicator& comm);

}  // namespace shoal
