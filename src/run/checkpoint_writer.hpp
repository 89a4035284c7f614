#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/run/digest_chain.hpp"
#include "shoal/run/run_directory.hpp"

namespace shoal {

/// A copy of the state of a run, and what is to become of it.
struct CheckpointJob {
  Archive archive;
  std::int64_t step = 0;
  std::int64_t best_step = -1;       ///< what `best` is to point to, this one or an earlier one; -1: nothing
  std::int64_t keep = 0;             ///< newest checkpoints that stay
  std::vector<std::int64_t> spared;  ///< steps whose checkpoints stay too
};

/// How a save ended.
struct SaveOutcome {
  std::int64_t step = 0;
  ExitStatus status = ExitStatus::done;
  std::string fault;  ///< why it failed
  std::chrono::steady_clock::duration took{};
};

/// Puts a checkpoint into a run directory: the file, synced, then its digest, then the links to it, and only then are
/// older ones removed. After a failure, or if the process dies at any moment, the newest sound checkpoint is this one
/// or the one before.
/// @param bytes  memory for the file, used again
/// @throws Error
void put_checkpoint(const RunDirectory& directory, DigestLog& digests, CheckpointJob& job, FileBytes& bytes);

/// Puts checkpoints into a run directory with a thread of its own, one at a time. Rank 0 has one. The best one whose
/// save failed is kept in memory and goes to disk with the next, unless that is better.
class CheckpointWriter {
 public:
  /// `directory` outlives the writer.
  explicit CheckpointWriter(const RunDirectory& directory);
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;
  ~CheckpointWriter();  ///< finishes the save under way

  /// Returns at once. Nothing may be under way.
  void begin(CheckpointJob job);
  /// The outcome of the last begin(), once: when it is known, or after waiting for it. Nothing when nothing was begun.
  std::optional<SaveOutcome> poll();
  std::optional<SaveOutcome> wait();
  /// The archive of the last save, whose memory can be used again.
  Archive take_archive();

 private:
  void work();
  SaveOutcome save();
  std::optional<SaveOutcome> take_outcome();

  const RunDirectory& directory_;
  DigestLog digests_;
  FileBytes bytes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<CheckpointJob> job_;           // not yet done
  std::optional<CheckpointJob> unsaved_best_;  // the thread's own
  Archive done_;
  std::optional<SaveOutcome> outcome_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace shoal
