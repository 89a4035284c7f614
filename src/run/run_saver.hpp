#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "run/checkpoint_writer.hpp"
#include "run/run_plan.hpp"
#include "shoal/comm/communicator.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

/// The checkpoints of a run under way. Training stops while the state is copied; a thread of rank 0 writes the copy. A
/// run that is killed has lost what it trained since the last checkpoint on disk:
///   - at most one interval between saves, if none was being written;
///   - else that interval and what was trained while the save was written; never more than two intervals, for a save
///     that is due waits for the one under way.
/// Where the last interval was shorter than the last save took, training waits for the save at once and loses no more
/// than one interval: most of the next one would pass before the save is on disk, and the one after would wait anyway.
///
/// A save that fails is reported, and tried again with the state of then, after 2, 4, 8 ... 60 s; meanwhile those that
/// are due are left out. `checkpoint.give_up` failures in a row end the run.
class RunSaver {
 public:
  /// All outlive it; plan.directory is rank 0's alone.
  RunSaver(Training& training, RunPlan& plan, Communicator& comm);

  /// What rank 0 asks all ranks for with the next step; 0 on the others.
  struct Wishes {
    double save = 0.0;    ///< by every_seconds, or once more after a failure
    double pause = 0.0;   ///< no saves, because one failed a moment ago
    double status = 0.0;  ///< end_with() this
  };
  Wishes wishes();

  /// Collective. Copies the state, to be written while training goes on.
  /// @throws SharedError  diverged: parameters that are not finite are not saved; or as end_with()
  void save();
  /// Collective. Returns when the state is on disk; tries again after failures.
  /// @param patient  false: the first failure ends the run
  void save_and_wait(bool patient = true);
  /// Collective. @throws SharedError  saving failed too often, or the run directory is another's by now
  [[noreturn]] void end_with(std::int64_t status);

  /// Collective. Before the first save: an error where one checkpoint does not fit, a warning where those that will be
  /// kept may not. @throws SharedError (input_output)
  void check_space();

  /// Collective. "the last good checkpoint is ...", of a save that has ended. Waits for the one under way.
  std::string last_good();

 private:
  using Clock = std::chrono::steady_clock;

  void note(const SaveOutcome& outcome);
  /// Collective. Until the next try is due. The other ranks hear of rank 0 all the time: to the watch of one that waits
  /// for a minute, rank 0 would be lost.
  void pause();
  std::string good() const;

  Training& training_;
  RunPlan& plan_;
  Communicator& comm_;
  std::optional<CheckpointWriter> writer_;
  Clock::time_point saved_ = Clock::now();
  Clock::time_point went_on_ = Clock::now();  // with training, after a save
  Clock::duration took_{};                    // the last save, to write
  std::optional<Clock::time_point> retry_at_;
  std::int64_t failures_ = 0;  // in a row
  std::string fault_;
  std::int64_t status_ = 0;  // to end with
  std::int64_t good_step_ = -1;
};

}  // namespace shoal
