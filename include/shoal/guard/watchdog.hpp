#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "shoal/comm/roll_call.hpp"
#include "shoal/guard/activity.hpp"

namespace shoal {

/// What a rank that waits knows of another.
struct Peer {
  bool heard = false;    ///< ever; else datagrams may not get through
  bool answers = false;  ///< to the last few questions
  Presence presence;     ///< its last answer
};

/// How long a rank waits for another.
struct Patience {
  double silent_s = 0.0;  ///< that does not answer
  double busy_s = 0.0;    ///< that does, and computes or waits itself
};

/// Whether a rank has waited too long for the others, and then for whom and why; "" while it has not. Ten times as long
/// as others have those that read, evaluate or save, and those that were never heard; those that train apart are left
/// alone as long as they answer.
/// @param peers  by rank; that of `rank` itself is not looked at
std::string judge_wait(int rank, const Presence& self, const std::vector<Peer>& peers, double waited_s,
                       const Patience& patience, const std::function<std::string(int)>& name);

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
  void ask(bool strangers_alone);
  void warn_of_strangers() const;
  [[noreturn]] void leave(const std::string& why);

  double timeout_s_;
  Onlookers onlookers_;
  std::optional<RollCall> roll_;
  std::vector<Peer> peers_;  // by rank
  std::vector<int> missed_;  // questions since the last answer
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace shoal
