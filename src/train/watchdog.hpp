#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "comm/roll_call.hpp"
#include "train/activity.hpp"

namespace shoal {

/// What a rank that waits knows of another.
struct Peer {
  bool answers = false;  ///< to the last few questions
  Presence presence;     ///< its last answer
};

/// Whether a rank has waited too long for the others, and then for whom and why; "" while it has not.
/// Silent ranks are given `timeout_s`, and so are those that compute or that wait themselves; those that read, evaluate
/// or write a checkpoint ten times as long; those that train apart are left alone as long as they answer.
/// @param peers  by rank; that of `rank` itself is not looked at
std::string judge_wait(int rank, const Presence& self, const std::vector<Peer>& peers, double waited_s,
                       double timeout_s, const std::function<std::string(int)>& name);

/// Watches the other ranks for as long as it lives, by a thread of its own that never calls MPI. Once the main thread
/// has waited for them half of its time, it asks all of them for signs of life, beside MPI; when the time has run out,
/// it says which ranks are missing and at which step, tells the others, and ends this process with ExitStatus::lost,
/// whatever MPI does. A rank that is told so by another leaves as well. Time counts while this process runs: a job that
/// was suspended as a whole has lost nothing. Beside the one of all ranks there may be one of those that train a trial
/// together, whom the others leave alone.
class Watchdog {
 public:
  /// Collective. timeout_s: 0 watches nothing, and nothing is needed where there is one rank.
  Watchdog(const Communicator& comm, double timeout_s, Onlookers onlookers = Onlookers::all);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

 private:
  Presence own_presence() const;
  void watch();
  [[noreturn]] void leave(const std::string& why);

  double timeout_s_;
  Onlookers onlookers_;
  std::optional<RollCall> roll_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace shoal
