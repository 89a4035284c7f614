#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace shoal {

/// From its construction to its end SIGTERM, SIGINT, SIGUSR1 and SIGHUP (unless nohup has it ignored) set a flag and do
/// nothing else: the run asks for it once a step, and all ranks stop at the step that they agree on. One at a time.
/// SIGUSR1 does no harm afterwards, either, where it had no handler before.
///
/// Open MPI's mpirun, when it ends a job (it was told to, or a rank died), sends SIGCONT at once and SIGTERM only
/// odls_base_sigkill_timeout seconds later: its SIGCONT in a process that was not stopped counts as SIGTERM there.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  /// The number of the signal that came, 0 if none.
  static int received() noexcept;
  /// Whether it was SIGTERM or SIGINT: whoever sent it waits for the end, and ranks may wait for one that is dead.
  static bool told_to_end() noexcept;

 private:
  void watch();

  std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;
  std::thread watch_;
};

}  // namespace shoal
