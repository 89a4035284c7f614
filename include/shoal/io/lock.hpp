#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

namespace shoal {

struct RunLockOptions {
  std::chrono::milliseconds heartbeat{2000};  ///< between two signs of life
  std::chrono::milliseconds patience{30000};  ///< without one, until the lock of another host is taken over
};

/// Owns a run directory through its file `lock`, which names host, process and process start time, and a heartbeat that
/// a thread of its own keeps counting. Held until destroyed.
class RunLock {
 public:
  /// A lock whose process is dead on this host is taken over at once. One that cannot be judged (another host, another
  /// container, garbled) is watched for `patience`, and taken over if its heartbeat stands still.
  /// @throws Error(taken) when the directory is in use, Error(input_output) when it cannot be written
  explicit RunLock(const std::filesystem::path& directory, const RunLockOptions& options = {});
  RunLock(RunLock&&) noexcept;
  RunLock& operator=(RunLock&&) noexcept;
  ~RunLock();

  /// The fence: to be called before writing into the directory. @throws Error(taken) when another process, after this
  /// one seemed dead to it, has taken the directory over.
  void check() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
