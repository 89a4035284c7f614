#pragma once

namespace shoal {

/// From its construction to its end SIGTERM, SIGINT and SIGUSR1 set a flag and do nothing else: the run asks for it once a
/// step, and all ranks stop at the step that they agree on. One at a time.
class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  /// The number of the signal that came, 0 if none.
  static int received() noexcept;
};

}  // namespace shoal
