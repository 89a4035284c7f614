#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/io/file.hpp"
#include "tune/folds/folds.hpp"
#include "tune/keeper.hpp"
#include "tune/search_plan.hpp"
#include "tune/start/sweep_task.hpp"
#include "tune/sweep_directory.hpp"
#include "tune/sweep_progress.hpp"
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

  /// Collective over the group. Trains those of the parts that nobody else has claimed, in their order, until none is
  /// left or it was stopped. Each outcome is in the journal on disk before the next part begins.
  /// @param keepers   which checkpoints stay: one for each model of a trial, by fold
  /// @param progress  on rank 0
  /// @returns on the first rank of the group its outcomes
  std::vector<Outcome> train_free(const SearchPlan& plan, const std::vector<TrialPart>& parts,
                                  std::vector<Keeper> keepers, SweepProgress* progress);

  /// Collective over the group. Parts that have outcomes, but whose checkpoints are lost, once more: to the same bits.
  /// @returns on the first rank of the group whether it was not stopped
  /// @throws Error(internal)  one of them fails now
  bool train_again(const SearchPlan& plan, const std::vector<TrialPart>& parts, std::int64_t rung);

  /// Collective over the world, all ranks together, as many as there are leaves. No journal.
  /// @returns nothing when it was stopped, and on ranks that it has no leaf for
  std::optional<Outcome> train_together(const TrialTask& task, const TrainingData& data, Communicator& world);

 private:
  bool stop_asked();
  std::int64_t next_free(const std::string& claims_of, std::int64_t rung, const std::vector<TrialPart>& parts,
                         std::int64_t& from);
  std::optional<Outcome> train(const TrialTask& task, const std::function<bool(const Outcome&)>& wanted);
  TrialTask task_of(const SearchPlan& plan, const TrialPart& part, std::int64_t rung) const;

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
