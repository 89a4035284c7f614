#include "train/watchdog.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double slow_patience = 10.0;
constexpr double longest_tick_s = 0.2;

std::string list(const std::vector<int>& ranks, const std::function<std::string(int)>& name) {
  std::string text;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    if (i > 0) text += i + 1 == ranks.size() ? " and " : ", ";
    text += name(ranks[i]);
  }
  return text;
}

}  // namespace

std::string judge_wait(int rank, const Presence& self, const std::vector<Peer>& peers, double waited_s,
                       double timeout_s, const std::function<std::string(int)>& name) {
  if (waited_s < timeout_s) return "";
  std::vector<int> silent;
  std::vector<int> late;
  std::vector<int> elsewhere;
  bool patient = false;
  for (int r = 0; r < static_cast<int>(peers.size()); ++r) {
    if (r == rank) continue;
    const Peer& peer = peers[static_cast<std::size_t>(r)];
    const auto doing = static_cast<Activity>(peer.presence.activity);
    if (!peer.answers) {
      silent.push_back(r);
    } else if (doing == Activity::apart) {
      patient = true;
    } else if (peer.presence.waits == 0) {
      patient = patient || (doing != Activity::computing && waited_s < slow_patience * timeout_s);
      late.push_back(r);
    } else if (peer.presence.collective != self.collective) {
      elsewhere.push_back(r);
    }
  }
  const std::string waited = fmt::format("waited {:.0f} s at step {} for ", waited_s, self.step);
  if (!silent.empty())
    return fmt::format("{}{}, which {} not answer", waited, list(silent, name), silent.size() == 1 ? "does" : "do");
  if (patient) return "";
  const auto and_is = [&](int r) {
    const Presence& presence = peers[static_cast<std::size_t>(r)].presence;
    return fmt::format("{}, still {} at step {}", name(r), to_string(static_cast<Activity>(presence.activity)),
                       presence.step);
  };
  if (!late.empty()) return waited + list(late, and_is);
  const auto and_waits = [&](int r) {
    const Presence& presence = peers[static_cast<std::size_t>(r)].presence;
    return fmt::format("{}, which waits at step {} in its exchange {}, this rank in its {}", name(r), presence.step,
                       presence.collective, self.collective);
  };
  if (!elsewhere.empty()) return waited + list(elsewhere, and_waits);
  return waited + "messages, as all ranks do: they are all there, but MPI does not deliver";
}

Watchdog::Watchdog(const Communicator& comm, double timeout_s, Onlookers onlookers)
    : timeout_s_(timeout_s), onlookers_(onlookers) {
  if (comm.size() == 1 || timeout_s == 0.0) return;
  roll_.emplace(comm);
  thread_ = std::thread(&Watchdog::watch, this);
}

Watchdog::~Watchdog() {
  if (!thread_.joinable()) return;
  ended_ = true;
  roll_->wake();
  thread_.join();
}

Presence Watchdog::own_presence() const {
  return {noted_step(), collectives_begun(), static_cast<std::int32_t>(activity(onlookers_)),
          seconds_in_collective() > 0.0 ? 1 : 0};
}

void Watchdog::watch() {
  // Many ranks ask less often: each of them is asked by all.
  const double interval_s = std::max(std::min(1.0, timeout_s_ / 8.0), 0.01 * roll_->size());
  const int tick_ms = static_cast<int>(1000.0 * std::min(longest_tick_s, timeout_s_ / 16.0)) + 1;
  const auto name = [&](int rank) { return roll_->name(rank); };
  std::vector<Peer> peers(static_cast<std::size_t>(roll_->size()));
  std::vector<int> missed(peers.size());  // questions since the last answer
  std::uint64_t collective = 0;
  double waited_s = 0.0;
  double next_question_s = 0.0;
  Clock::time_point last = Clock::now();
  while (!ended_) {
    const RollCall::Heard heard = roll_->receive(tick_ms, own_presence());
    if (heard.kind == RollCall::Heard::Kind::leave) _exit(static_cast<int>(ExitStatus::lost));  // that one has told why
    if (heard.kind == RollCall::Heard::Kind::answer) {
      peers[static_cast<std::size_t>(heard.rank)] = {true, heard.presence};
      missed[static_cast<std::size_t>(heard.rank)] = 0;
    }
    // Time in which this process was stopped is not time in which it waited.
    const double passed = std::chrono::duration<double>(Clock::now() - last).count();
    last = Clock::now();
    const Presence self = own_presence();
    if (self.waits == 0 || self.collective != collective) {
      collective = self.collective;
      waited_s = 0.0;
      next_question_s = timeout_s_ / 2.0;
      std::fill(missed.begin(), missed.end(), 0);
      continue;
    }
    waited_s += std::min(passed, 5.0 * longest_tick_s);
    if (waited_s < next_question_s) continue;
    for (std::size_t r = 0; r < peers.size(); ++r) {
      if (missed[r]++ == 3) peers[r].answers = false;
    }
    const std::string why = judge_wait(roll_->rank(), self, peers, waited_s, timeout_s_, name);
    if (!why.empty()) leave(why);
    roll_->ask();
    next_question_s = waited_s + interval_s;
  }
}

void Watchdog::leave(const std::string& why) {
  const std::string line = fmt::format(
      "shoal: error on rank {}: {}; all ranks leave, the checkpoints written before are sound: go on with --resume "
      "auto\n",
      log_rank(), why);
  [[maybe_unused]] const auto written = write(STDERR_FILENO, line.data(), line.size());
  roll_->tell_to_leave();
  _exit(static_cast<int>(ExitStatus::lost));
}

}  // namespace shoal
