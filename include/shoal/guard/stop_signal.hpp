#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace shoal {

/// From its construction to its end SIGTERM, SIGINT, SIGUSR1 and SIGHUP (unless nohup has it ignored) set a flag and do
/// nothing else: the run asks for it once a step, and all ranks stop at the step that they agree on. One at a time.
/// SIGUSR1 does no harm afterwards, either, where it had no handler before.
///
/// Open MPI's mpirun, when it ends a job (it was told to, or a rank died), sends SIGCONT at once and SIGTERM only
/// odls_base_sigkill_timeout seconds later: its SIGCONT in a process that was not stopped counts as SIGTERM there.
/// Meanwhile it passes on no output of its ranks, so what there is to say goes to the terminal itself.
class StopSignal {
 public:
  /// saved: what rank 0 says at once when mpirun ends the job, such as "the state of runs/digits is saved"; empty:
  /// nothing.
  explicit StopSignal(std::string saved = "");
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  /// The number of the signal that came, 0 if none; SIGCONT if mpirun ends the job.
  static int received() noexcept;
  /// What stopped the run: "SIGUSR1", "mpirun (its SIGCONT)"; "a signal" where only another rank received one.
  static std::string name();
  /// Whether it was SIGTERM, SIGINT or the announcement of mpirun: whoever sent it waits for the end, and ranks may
  /// wait for one that is dead.
  static bool told_to_end() noexcept;

 private:
  void watch();

  std::string saved_;
  std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;
  std::thread watch_;
};

}  // namespace shoal
