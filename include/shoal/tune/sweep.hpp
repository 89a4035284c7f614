#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/core/error.hpp"

namespace shoal {

/// `shoal sweep`, as the command line gives it.
struct SweepRequest {
  std::optional<std::string> config;
  std::vector<std::string> sets;
  std::optional<std::string> run;  ///< folder; by default runs/<config name>, the next free one unless `resume`
  bool resume = false;             ///< go on with the sweep in that folder, if there is one
};

/// What a sweep found, on every rank.
struct SweepSummary {
  ExitStatus status = ExitStatus::done;  ///< or stopped; diverged: every trial failed
  std::string folder;
  std::int64_t done = 0;     ///< trials that were trained to the end
  std::int64_t stopped = 0;  ///< by successive halving
  std::int64_t failed = 0;
  std::optional<std::int64_t> winner;
  std::int64_t kept = 0;           ///< trials whose checkpoints are in best/
  std::int64_t winner_leaves = 0;  ///< as many ranks can train it on together
  /// Tables for people, headings first. The best ten trials; and per hyperparameter how much it mattered: see
  /// importance().
  std::vector<std::vector<std::string>> best;
  std::vector<std::vector<std::string>> importance;
};

/// Collective. Trains many models apart, each rank (or group of sweep.ranks_per_trial ranks) its own, and ranks them.
/// In the folder, at the end: sweep.csv, sweep.jsonl and sweep.h5 (every trial), times.jsonl, best.h5 (the winner's
/// checkpoint). The first three are functions of (config, data, seed): the same bytes for any number of ranks, order of
/// finishing, and after any number of kills and resumes. A trial that fails is a row with its reason.
/// @throws Error  for all that can be wrong but a trial: see ExitStatus
SweepSummary sweep_run(const SweepRequest& request, Communicator& comm);

}  // namespace shoal
