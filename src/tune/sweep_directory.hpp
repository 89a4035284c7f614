#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/io/ownership/lock.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/run/run_paths.hpp"
#include "tune/folds/folds.hpp"
#include "tune/outcome.hpp"

namespace shoal {

/// The folder of a sweep, owned by this process until destroyed. Rank 0 alone makes one.
struct Promotion {
  std::string checkpoint;
  std::string as;
};

class SweepDirectory {
 public:
  /// Makes the folder and takes its lock. @throws Error  taken: holds a run or sweep already, or another process starts
  /// one
  static SweepDirectory create(const std::string& folder);
  /// Takes the lock of a sweep that is to go on: what was claimed without an outcome is free again, torn lines and
  /// half-written files are gone. @throws Error  no_input: no sweep there; taken: it is under way
  static SweepDirectory open(const std::string& folder);
  static bool has_sweep(const std::string& folder);
  /// @throws Error(taken)  a sweep, a run or a config of the user's is there; see RunDirectory
  static void require_vacant(const std::string& folder);

  const SweepPaths& paths() const { return paths_; }
  /// Of earlier jobs, in no order.
  const std::vector<Outcome>& outcomes() const { return outcomes_; }
  /// A folder that no process of an earlier job knows: one that still lives cannot claim what this job has to do.
  const std::string& claims() const { return claims_; }
  /// @throws Error(taken)  when another process has taken the folder over while this one seemed dead
  void check_owner() const { lock_.check(); }
  /// Replaces a file of the sweep, unless another process has taken it over: see RunLock.
  void write(const std::string& file, std::string_view text) const;
  /// Several, of different file names, in their order.
  void write(const std::vector<std::pair<std::string, std::string>>& texts_of_files) const;
  /// Makes checkpoints the files of these other names, of which none is the last part of two. False, and none of them
  /// is, when one is not there.
  bool promote(const std::vector<Promotion>& promotions) const;
  /// Of the checkpoints in best/ those of these trials alone stay.
  void keep_only(const std::vector<std::int64_t>& trials) const;
  /// Of a population: makes the winner a run that can be repeated, with best.h5 as its only checkpoint. One that is
  /// there already stays.
  void write_winner(const Config& start, const NudgeJournal& journal) const;
  /// Removes a file of the sweep, where it is there.
  void remove(const std::string& file) const;
  /// At the end: claims and trials' checkpoints are of no use any more.
  void clean() const;

 private:
  SweepDirectory(std::string folder, RunLock lock);
  /// Of a sweep that was there before, all that could pass for this one's.
  void forget() const;

  SweepPaths paths_;
  RunLock lock_;
  std::string claims_;
  std::vector<Outcome> outcomes_;
};

/// What all journals of a sweep say, its own or another process's, each training of each model once; in no order.
/// @throws Error(no_input)  one is gone: another process has just put them together
std::vector<Outcome> read_outcomes(const SweepPaths& paths);

/// A training within its round, `<rung>-<trial>`, with folds `-<fold>` behind it.
std::string training_name(std::int64_t rung, const TrialPart& part);
/// The training that a claim `<round>-<training_name()>` is for; nothing for other files beside the claims.
std::optional<std::string> training_of_claim(const std::string& claim);

/// @throws Error(taken)  where the claims are gone: they are in the sweep's folder, and a later owner removes them
void check_claims(const std::string& claims);

/// Whether this call, alone among all of a job, makes the claim of that name.
/// @throws Error(taken)  as check_claims(); Error(input_output)
bool claim(const std::string& claims, const std::string& name);

/// Removes it where it is there. What cannot be removed is a warning.
void discard(const std::string& file);

}  // namespace shoal
