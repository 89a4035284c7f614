#pragma once

#include <cstdint>
#include <string>

#include "shoal/infer/run_checkpoint.hpp"

namespace shoal {

/// The names in the folder of a run. Those of its lock are RunLock's.
///
///   config.toml                     complete, as resolved
///   metrics.jsonl  nudges.jsonl
///   digests.jsonl                   of every checkpoint, those that were pruned as well; see DigestChain
///   tensorboard/                    with train.tensorboard: an event file that holds what metrics.jsonl does
///   jobs.jsonl                      where each job ran that trained it, and how it ended
///   checkpoints/step-00001234.h5    after that many finished updates; a folder that has one holds a run
///   checkpoints/latest  best        relative links
///   explain.json                    of the last shoal explain that was given the run
///   requests/                       of nudges, until they are answered
///   paused                          while the run waits, see ask_run(): the step after which
///   lock
///   incarnation-3/                  the third job that trains it; what is being written lies here
///   going-back-00000004/            while a run that goes on from step 4, with later checkpoints there, has made none
///                                   of its own: what it had written, as it was; see RunDirectory::go_back_to()
struct RunPaths {
  static constexpr const char* config_name = "config.toml";
  static constexpr const char* metrics_name = "metrics.jsonl";
  static constexpr const char* nudges_name = "nudges.jsonl";
  static constexpr const char* digests_name = "digests.jsonl";
  static constexpr const char* jobs_name = "jobs.jsonl";
  static constexpr const char* checkpoints_name = CheckpointFolder::name;
  static constexpr const char* requests_name = "requests";
  static constexpr const char* paused_name = "paused";
  static constexpr const char* tensorboard_name = "tensorboard";
  static constexpr const char* explanation_name = "explain.json";
  static constexpr const char* latest_name = CheckpointFolder::latest_name;
  static constexpr const char* best_name = CheckpointFolder::best_name;
  static constexpr const char* going_back_prefix = "going-back-";

  std::string folder;

  std::string config() const { return of(config_name); }
  std::string metrics() const { return of(metrics_name); }
  std::string nudges() const { return of(nudges_name); }
  std::string digests() const { return of(digests_name); }
  std::string jobs() const { return of(jobs_name); }
  std::string checkpoints() const { return of(checkpoints_name); }
  std::string checkpoint(std::int64_t step) const { return checkpoints() + '/' + checkpoint_name(step); }
  std::string latest() const { return checkpoints() + '/' + latest_name; }
  std::string best() const { return checkpoints() + '/' + best_name; }
  std::string requests() const { return of(requests_name); }
  std::string paused() const { return of(paused_name); }
  std::string tensorboard() const { return of(tensorboard_name); }
  std::string explanation() const { return of(explanation_name); }
  std::string going_back(std::int64_t step) const;
  std::string of(const std::string& name) const { return folder + '/' + name; }

  static std::string checkpoint_name(std::int64_t step) { return CheckpointFolder::file_name(step); }
  /// Whether a run calls a file or folder in its own so.
  static bool is_name(const std::string& name);
};

/// The names in the folder of a sweep.
///
///   config.toml                              as resolved
///   fingerprint                              of the data and of what this processor computes
///   journal.jsonl  journal-<rank>.jsonl      outcomes, of earlier jobs and of this one
///   claims-<job>/<round>-<rung>-<trial>      made by the rank that trains that trial; with folds -<fold> behind it
///   rounds.jsonl                             what a search that learns has decided on: see decided_rounds.hpp
///   trials/0007.h5  0007-2.h5  0007-g3.h5    checkpoints that are still needed; of fold 2; of a member's generation 3
///   best/0007.h5                             at the end: checkpoints of the best trials, as many as sweep.keep
///   sweep.csv  sweep.jsonl  sweep.h5  times.jsonl  best.h5      at the end
///   best-fold-<fold>.h5                      with folds: the models of the best trial
///   final.h5                                 the final fit; with folds it is best.h5
///   winner/                                  of a population, at the end: a run, with the winner's schedule as nudges
struct SweepPaths {
  std::string folder;

  std::string config() const { return RunPaths{folder}.config(); }
  std::string fingerprint() const { return of("fingerprint"); }
  std::string journal(int rank) const { return of("journal-" + std::to_string(rank) + ".jsonl"); }
  std::string old_journal() const { return of("journal.jsonl"); }
  std::string claims(const std::string& job) const { return of("claims-" + job); }
  std::string rounds() const { return of("rounds.jsonl"); }
  std::string trials() const { return of("trials"); }
  std::string checkpoint(std::int64_t trial, std::int64_t fold = 0) const;  ///< fold: from 1; 0: none
  std::string member_checkpoint(std::int64_t member, std::int64_t generation) const;
  std::string final_part() const { return trials() + "/final.h5"; }  ///< of a final fit that is not done
  std::string kept() const { return of("best"); }
  std::string kept(std::int64_t trial) const;
  std::string csv() const { return of("sweep.csv"); }
  std::string jsonl() const { return of("sweep.jsonl"); }
  std::string h5() const { return of("sweep.h5"); }
  std::string times() const { return of("times.jsonl"); }
  std::string best() const { return of("best.h5"); }
  RunPaths winner() const { return {of("winner")}; }
  std::string best_of_fold(std::int64_t fold) const { return of("best-fold-" + std::to_string(fold) + ".h5"); }
  std::string final_fit() const { return of("final.h5"); }
  std::string of(const std::string& name) const { return folder + '/' + name; }

  static bool is_claims(const std::string& name);
  static bool is_checkpoint(const std::string& name);    ///< 0007.h5
  static bool is_best_of_fold(const std::string& name);  ///< best-fold-2.h5
  static bool is_journal(const std::string& name);
  /// Whether a sweep calls a file or folder in its own so, and a run does not.
  static bool is_name(const std::string& name);
};

}  // namespace shoal
