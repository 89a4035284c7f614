#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "tune/search_plan.hpp"
#include "tune/start/sweep_task.hpp"
#include "tune/sweep_directory.hpp"
#include "tune/trial_worker.hpp"

namespace shoal {

/// A sweep under way, on every rank: what it is to do, and what it has found. All ranks hold the same plan and
/// outcomes.
struct SweepUnderWay {
  const SweepTask& task;
  SweepPaths paths;
  std::optional<SweepDirectory> directory;  ///< on rank 0
  Communicator& world;
  TrialWorker worker;
  SearchPlan plan;
  std::vector<History> histories;  ///< by trial

  /// Collective. claims: the folder of claims. decided: places of rounds that an earlier job has decided on
  SweepUnderWay(const SweepTask& its_task, SweepPaths its_paths, const std::string& claims,
                std::optional<SweepDirectory> its_directory, std::vector<std::vector<Place>> decided,
                Communicator& its_world);

  const History& history(std::int64_t trial) const { return histories[static_cast<std::size_t>(trial)]; }
  /// Of one of its models, where there are folds.
  Config config_of(std::int64_t trial) const;
  std::vector<Standing> standings() const { return standings_of(histories, task.settings.metric); }
  /// The best trials so far of those that were trained to the end: as many as sweep.keep, and one for best.h5. With
  /// folds that one alone, whose models have files of their own.
  std::vector<std::int64_t> kept_trials() const;
  /// The line that goes on with it.
  std::string way_on() const;
};

/// Groups of ranks that train a trial each.
std::int64_t groups_of(const Communicator& world, const SweepSettings& settings);

}  // namespace shoal
