#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/io/ownership/lock.hpp"

namespace shoal {

/// The folder of one run, owned by this process until destroyed. Rank 0 alone uses it.
///
///   config.toml                     complete, as resolved; a folder that has it (or a checkpoint) holds a run
///   metrics.jsonl  nudges.jsonl
///   checkpoints/step-00001234.h5    after that many finished updates
///   checkpoints/latest  best        relative links
///   requests/                       of nudges, until they are answered
///   lock
///   incarnation-3/                  the third job that trains it; what is being written lies here
class RunDirectory {
 public:
  /// Makes the folders and takes the lock.
  /// @throws Error  taken: a run is there already, or another process is about to start one;
  ///                input_output: cannot be made or written
  static RunDirectory create(const std::string& path);
  /// Takes the lock of a run that is to go on. What a killed writer left half-written goes with its incarnation.
  /// @throws Error  no_input: no run there; taken: another process trains it; input_output: cannot be written
  static RunDirectory open(const std::string& path);

  static bool has_run(const std::string& path);
  /// @throws Error(no_input)  no run there, or a sweep, whose folder looks much like one
  static void require(const std::string& path);
  /// `base`, or the first of base-2, base-3, ... of which nothing exists. Two processes may get one answer: the lock
  /// tells them apart.
  static std::string next_free(const std::string& base);
  /// The run in whose `checkpoints` folder `file` lies, by its name or else by what its name links to.
  static std::optional<std::string> containing(const std::string& file);

  /// For runs of others as well: the file of a checkpoint, and the steps of those that are there, ascending. Told by
  /// the numbers in the names: copies and clocks change times.
  static std::string checkpoint_path(const std::string& run, std::int64_t step);
  static std::vector<std::int64_t> checkpoint_steps(const std::string& run);
  /// What the link `latest` or `best` points to, whether or not that is there.
  static std::optional<std::int64_t> link_target(const std::string& run, const std::string& link);

  const std::string& path() const { return path_; }
  std::string config_path() const { return path_ + "/config.toml"; }
  std::string metrics_path() const { return path_ + "/metrics.jsonl"; }
  std::string nudges_path() const { return path_ + "/nudges.jsonl"; }
  std::string checkpoint_path(std::int64_t step) const { return checkpoint_path(path_, step); }
  std::vector<std::int64_t> checkpoint_steps() const { return checkpoint_steps(path_); }
  std::optional<std::int64_t> latest() const { return link_target(path_, "latest"); }
  std::optional<std::int64_t> best() const { return link_target(path_, "best"); }

  /// @throws Error  taken: another process has taken the run over while this one seemed dead. All functions below throw
  ///                it, and then have changed nothing: see RunLock
  void check_owner() const { lock_.check(); }

  /// Replaces a file of the run.
  void write(const std::string& file, std::string_view text) const;
  /// Replaces config.toml; from then on the folder holds a run.
  void write_config(const std::string& toml) const;
  void write_checkpoint(std::int64_t step, std::span<const std::byte> bytes) const;
  void point_latest(std::int64_t step) const;
  void point_best(std::int64_t step) const;

  /// Removes checkpoints beyond the newest `keep`, but never step 0, what `latest` or `best` point to, or the steps in
  /// `spared`. A file that cannot be removed is a warning: the run is worth more than the space.
  void prune(std::int64_t keep, const std::vector<std::int64_t>& spared = {}) const;
  /// Removes the checkpoints of steps after `step`, and links to them: a run that goes on from there makes its own.
  void remove_checkpoints_after(std::int64_t step) const;

 private:
  RunDirectory(std::string path, RunLock lock);
  void remove(const std::filesystem::path& file) const;

  std::string path_;
  RunLock lock_;
};

}  // namespace shoal
