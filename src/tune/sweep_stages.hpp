#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include "tune/folds/folds.hpp"
#include "tune/keeper.hpp"
#include "tune/outcome.hpp"
#include "tune/sweep_progress.hpp"
#include "tune/sweep_under_way.hpp"

namespace shoal {

/// Trains the trials of a sweep, stage by stage. Ranks meet at the end of a stage alone.
class SweepStages {
 public:
  /// known: outcomes of earlier jobs, whose trainings are not repeated
  SweepStages(SweepUnderWay& sweep, const std::vector<Outcome>& known);

  /// Collective. False when it was stopped before its end.
  bool run();

 private:
  bool run_stage();
  void note(const Outcome& part);
  void sort_by_cost(std::vector<TrialPart>& parts) const;
  void exchange(const std::vector<Outcome>& mine);
  void keep_rounds();
  void discard_checkpoints(const Stage& ended, const std::vector<std::int64_t>& kept_before);
  std::vector<Keeper> make_keepers() const;

  SweepUnderWay& sweep_;
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, Outcome> known_;  // by trial, rung, fold
  FoldGatherer gatherer_;
  std::optional<SweepProgress> progress_;  // on rank 0
};

}  // namespace shoal
