#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/io/ownership/lock.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {

/// The folder of one run, owned by this process until destroyed. Rank 0 alone uses it. Its names: RunPaths.
class RunDirectory {
 public:
  /// Makes the folders and takes the lock.
  /// @throws Error  taken: a run is there already, or another process is about to start one;
  ///                input_output: cannot be made or written
  static RunDirectory create(const std::string& path);
  /// The same at `base`, or at the first of base-2, base-3, ... after the last that is there. Of processes that ask at
  /// once each gets a folder of its own.
  static RunDirectory create_next(const std::string& base);
  /// Takes the lock of a run that is to go on. What a killed writer left half-written goes with its incarnation, and a
  /// way back that was begun is gone to its end, or not at all: see go_back_to().
  /// @throws Error  no_input: no run there; taken: another process trains it; input_output: cannot be written
  static RunDirectory open(const std::string& path);

  /// Whether there is a checkpoint: before its first one, a run has done nothing that could go on.
  static bool has_run(const std::string& path);
  /// Whether the folder is one of `shoal sweep`, which has a config.toml, too; see SweepPaths.
  static bool holds_sweep(const std::string& path);
  /// Before a run or a sweep is begun in a folder that a user named. @throws Error(taken)  there is one already, or a
  /// config.toml that is nobody's but the user's: the new one would write its own over it
  static void require_vacant(const std::string& path);
  /// @throws Error(no_input)  no run there, or a sweep, whose folder looks much like one
  static void require(const std::string& path);
  /// `base`, or where that is there, or something of a number behind it, the one after the last of base-2, base-3, ...
  /// Two processes may get one answer: see make_next().
  static std::string next_free(const std::string& base);
  /// The last of base, base-2, base-3, ... for which `holds` is true; `base` where it is for none.
  static std::string last_of(const std::string& base, const std::function<bool(const std::string&)>& holds);
  /// Makes the folder next_free(base), which no other process makes, and returns its name. @throws Error(input_output)
  static std::string make_next(const std::string& base);
  /// The run in whose `checkpoints` folder `file` lies, by its name or else by what its name links to.
  static std::optional<std::string> containing(const std::string& file);

  /// For runs of others as well: the steps of the checkpoints that are there, ascending. Told by the numbers in the
  /// names: copies and clocks change times.
  static std::vector<std::int64_t> checkpoint_steps(const std::string& run);
  /// The step that the link `latest` or `best` points to, whether or not that is there.
  static std::optional<std::int64_t> latest(const std::string& run);
  static std::optional<std::int64_t> best(const std::string& run);

  const std::string& path() const { return paths_.folder; }
  const RunPaths& paths() const { return paths_; }
  std::vector<std::int64_t> checkpoint_steps() const { return checkpoint_steps(path()); }
  std::optional<std::int64_t> latest() const { return latest(path()); }
  std::optional<std::int64_t> best() const { return best(path()); }

  /// @throws Error  taken: another process has taken the run over while this one seemed dead. All functions below throw
  ///                it, and then have changed nothing: see RunLock
  void check_owner() const { lock_.check(); }

  /// Replaces a file of the run.
  void write(const std::string& file, std::string_view text) const;
  /// Writes an event file, empties earlier ones, and returns its path. @param time  now, since 1970
  std::string write_events(std::string_view bytes, double time) const;
  /// Replaces config.toml, with a line that says what it is.
  void write_config(const std::string& toml) const;
  /// The first one after go_back_to() ends the old line of history: on its return, nothing of that is left.
  void write_checkpoint(std::int64_t step, std::span<const std::byte> bytes) const;
  void point_latest(std::int64_t step) const;
  /// Where the checkpoint of that step is there, and `best` does not point to it yet.
  void point_best(std::int64_t step) const;

  /// Removes checkpoints beyond the newest `keep`, but never step 0, what `latest` or `best` point to, or the steps in
  /// `spared`. A file that cannot be removed is a warning: the run is worth more than the space.
  void prune(std::int64_t keep, const std::vector<std::int64_t>& spared = {}) const;
  /// Before training goes on from `step`. Where there are later checkpoints, they stay, and metrics and nudges are set
  /// aside as they are: should the process end before it has written a checkpoint, open() brings all back, and the run
  /// is what it was. Returns the steps of those checkpoints.
  std::vector<std::int64_t> go_back_to(std::int64_t step) const;

 private:
  struct WayBack;

  static std::optional<std::int64_t> link_target(const std::string& link);
  static std::vector<std::int64_t> checkpoint_steps_in(const std::filesystem::path& folder);

  RunDirectory(std::string path, RunLock lock);
  void remove(const std::filesystem::path& file) const;
  void remove_after(std::int64_t step) const;
  void settle() const;
  void end_old_line(const WayBack& back, std::int64_t step, std::span<const std::byte> bytes) const;
  void bring_back(const WayBack& back) const;

  RunPaths paths_;
  RunLock lock_;
};

}  // namespace shoal
