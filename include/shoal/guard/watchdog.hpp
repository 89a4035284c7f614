#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "shoal/comm/roll_call.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/inquiry.hpp"

namespace shoal {

/// Watches the other ranks for as long as it lives, by a thread of its own that never calls MPI. Once the main thread
/// has waited for them half of its time, it asks all of them for signs of life, beside MPI; when the time has run out,
/// it says which ranks are missing and at which step, tells the others, and ends this process with ExitStatus::lost,
/// whatever MPI does. A rank that is told so by another leaves as well. Time counts while this process runs: a job that
/// was suspended as a whole has lost nothing. Beside the one of all ranks there may be one of those that train a trial
/// together, whom the others leave alone.
///
/// After SIGTERM or SIGINT a rank waits no longer than 5 s for silent ones: somebody waits for the end of the job. That
/// those who answer still save or evaluate is no reason to leave.
///
/// All are asked once at the start, too. Ranks that do not answer then may be behind a firewall: a warning names one.
class Watchdog {
 public:
  /// Collective. timeout_s: 0 waits for ever, but for silent ranks after SIGTERM or SIGINT.
  Watchdog(const Communicator& comm, double timeout_s, Onlookers onlookers = Onlookers::all);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

 private:
  Presence own_presence() const;
  Patience patience_now() const;
  void watch();
  bool hear(int milliseconds);
  void ask(const std::vector<int>& ranks);
  std::vector<int> strangers() const;
  void warn_of_strangers() const;
  [[noreturn]] void leave(const std::string& why);

  double timeout_s_;
  Onlookers onlookers_;
  std::optional<RollCall> roll_;
  std::optional<Inquiry> inquiry_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace shoal
