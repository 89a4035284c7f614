#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/io/file.hpp"
#include "tune/keeper.hpp"
#include "tune/search_plan.hpp"
#include "tune/sweep_progress.hpp"
#include "tune/sweep_start.hpp"
#include "tune/trial.hpp"

namespace shoal {

/// A rank's part in a sweep. Nobody hands out work: the first rank of each group claims the next trial that is free,
/// and the group trains it.
class TrialWorker {
 public:
  /// Collective over the world: groups are made.
  TrialWorker(const SweepTask& task, SweepPaths paths, std::string claims, Communicator& world);

  /// Whether this rank is the first of its group. Then its journal must be open before trials are trained.
  bool leads() const { return group_.rank() == 0; }
  void open_journal();

  /// Collective over the group. Trains those of the trials that nobody else has claimed, in their order, until none is
  /// left or it was stopped. Each outcome is in the journal on disk before the next trial begins.
  /// @param keeper    which checkpoints stay
  /// @param progress  on rank 0
  /// @returns on the first rank of the group its outcomes
  std::vector<Outcome> train_free(const SearchPlan& plan, const std::vector<std::int64_t>& trials, Keeper keeper,
                                  SweepProgress* progress);

  /// On the calling rank alone: the same trial again, to the same bits. Nothing when it was stopped.
  std::optional<Outcome> train_again(const SearchPlan& plan, std::int64_t trial, std::int64_t rung);

 private:
  bool stop_asked();
  std::optional<std::int64_t> next_free(const Stage& stage, const std::vector<std::int64_t>& trials, std::size_t& from);
  std::optional<Outcome> train(const TrialTask& task, const Keeper& keeper);
  TrialTask task_of(const SearchPlan& plan, std::int64_t trial, std::int64_t rung) const;

  const SweepTask& task_;
  SweepPaths paths_;
  std::string claims_;
  int rank_;  // in the world
  Communicator group_;
  std::optional<AppendFile> journal_;
  SweepProgress* progress_ = nullptr;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point looked_;
  std::chrono::steady_clock::time_point synced_;
  bool stopping_ = false;
};

}  // namespace shoal
