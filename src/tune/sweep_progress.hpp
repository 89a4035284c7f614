#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shoal/train/progress.hpp"
#include "tune/folds/folds.hpp"
#include "tune/outcome.hpp"
#include "tune/sweep_directory.hpp"

namespace shoal {

/// What is shown of a sweep under way.
struct SweepState {
  std::int64_t jobs = 0;  ///< trainings of the whole sweep: trials, and with halving their rungs
  std::int64_t done = 0;  ///< of them, those that failed included
  std::int64_t running = 0;
  std::int64_t failed = 0;
  std::optional<double> best;  ///< of the metric
  std::int64_t best_trial = 0;
  std::optional<double> seconds_left;
};
/// `12 of 64 done, 2 running, 1 failed, 0:42 left, best 0.1234 (trial 7)`
std::string format_sweep_line(const SweepState& state);

/// The live line of rank 0, which trains as well: between its own steps it looks, once a second, at what the other
/// ranks have written to their journals.
class SweepProgress {
 public:
  /// journals: of the other ranks
  SweepProgress(ProgressStyle style, const SweepSettings& settings, const SearchPlan& plan,
                std::vector<std::string> journals, std::int64_t groups);
  SweepProgress(const SweepProgress&) = delete;
  SweepProgress& operator=(const SweepProgress&) = delete;
  ~SweepProgress() { clear(); }

  /// known: outcomes of this stage that there are already, model by model
  void begin_stage(const Stage& stage, const std::vector<Outcome>& known);
  void finished(const Outcome& outcome);  ///< one of rank 0's own
  void tick();                            ///< to be called often; cheap
  void clear();                           ///< wipes the line, before others are logged

 private:
  struct Journal {
    std::string path;
    std::int64_t offset = 0;
  };

  void count(const Outcome& part);
  void read(Journal& journal);
  void show(std::chrono::steady_clock::time_point now);

  ProgressStyle style_;
  Metric metric_;
  std::int64_t models_;  // of a trial
  const SearchPlan& plan_;
  std::vector<Journal> journals_;
  std::int64_t groups_;
  FoldGatherer gatherer_;
  SweepState state_;
  std::int64_t stage_left_ = 0;  // trainings
  std::int64_t job_work_ = 1;    // epochs of each training of this stage
  double work_done_ = 0.0;       // by this job
  double work_known_ = 0.0;      // by jobs before it
  Score best_score_;             // where there is a best rung
  std::int64_t best_rung_ = -1;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point looked_;
  std::chrono::steady_clock::time_point shown_;
  bool line_is_drawn_ = false;
};

}  // namespace shoal
