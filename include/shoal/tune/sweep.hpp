#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/core/error.hpp"
#include "shoal/tune/sweep_view.hpp"

namespace shoal {

/// `shoal sweep` or `shoal cv`, as the command line gives it.
struct SweepRequest {
  /// The config itself is the one trial, whatever [sweep.space] says, with sweep.folds or 5 folds; a final fit only
  /// where it is asked for.
  bool cross_validates = false;
  std::optional<std::string> config;
  std::vector<std::string> sets;
  std::optional<std::string>
      run;  ///< folder; by default runs/<config name>, or <config name>-cv, the next free one unless `resume`
  bool resume = false;  ///< go on with the sweep in that folder, if there is one
  /// CSV to write when it has ended, by predict_out_of_fold(): looked at before the first trial.
  std::optional<std::string> predictions = {};
};

/// What a sweep found, on every rank.
struct SweepSummary {
  ExitStatus status = ExitStatus::done;  ///< or stopped; diverged: every trial failed
  std::string folder;
  std::int64_t done = 0;     ///< trials that were trained to the end
  std::int64_t stopped = 0;  ///< by successive halving
  std::int64_t failed = 0;
  std::int64_t taken_over = 0;  ///< in none of those: trials that equal an earlier one, and take its result
  std::optional<std::int64_t> winner;
  bool population = false;  ///< the winner has a schedule, see SweepPaths
  std::string metric;
  std::optional<TrialRow> shown;  ///< the winner; where there was one trial alone, it
  /// The winner's setting on all rows, where it was trained so.
  struct FinalFit {
    std::string file;
    std::int64_t rows = 0;
    std::string splits;  ///< that it was trained on, as of Split::name()
    std::string length;  ///< "12 epochs"
  };
  std::optional<FinalFit> final_fit;
  std::int64_t kept = 0;           ///< trials whose checkpoints are in best/
  std::int64_t ensemble = 0;       ///< how many of those can be members of one: different models of one loss
  std::int64_t winner_leaves = 0;  ///< as many ranks can train it on together
  /// Tables for people, headings first. The best ten trials, equal ones once; and per hyperparameter how much it
  /// mattered, by itself and in pairs: see SweepImportance.
  std::vector<std::vector<std::string>> best;
  std::vector<std::vector<std::string>> importance;
};

/// Collective. Trains many models apart, each rank (or group of sweep.ranks_per_trial ranks) its own, and ranks them.
/// With sweep.population it trains one population, whose members go on as copies of better ones; the winner is then a
/// run as well, which can be repeated.
/// In the folder, at the end: sweep.csv, sweep.jsonl and sweep.h5 (every trial), times.jsonl, best.h5 (the winner's
/// checkpoint; with folds the final fit) and what SweepPaths names beside it. The first three are functions of (config,
/// data, seed): the same bytes for any number of ranks, order of finishing, and after any number of kills and resumes.
/// A trial that fails is a row with its reason; one with the values of an earlier trial takes the result of that, and
/// is not trained.
/// @throws Error  for all that can be wrong but a trial: see ExitStatus
SweepSummary sweep_run(const SweepRequest& request, Communicator& comm);

}  // namespace shoal
