#include "shoal/guard/watchdog.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/stop_signal.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double slow_factor = 10.0;  // of patience
constexpr double longest_silence_s = 5.0;
constexpr double longest_tick_s = 0.2;
constexpr int most_greetings = 10;

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
                       const Patience& patience, const std::function<std::string(int)>& name) {
  std::vector<int> silent;
  std::vector<int> late;
  std::vector<int> elsewhere;
  bool patient = waited_s < patience.busy_s;
  for (int r = 0; r < static_cast<int>(peers.size()); ++r) {
    if (r == rank) continue;
    const Peer& peer = peers[static_cast<std::size_t>(r)];
    const auto doing = static_cast<Activity>(peer.presence.activity);
    if (!peer.answers) {
      const bool lost = waited_s >= patience.silent_s * (peer.heard ? 1.0 : slow_factor);
      patient = patient || !lost;
      if (lost) silent.push_back(r);
    } else if (doing == Activity::apart) {
      patient = true;
    } else if (peer.presence.waits == 0) {
      patient = patient || (doing != Activity::computing && waited_s < slow_factor * patience.busy_s);
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
    : timeout_s_(timeout_s > 0.0 ? timeout_s : std::numeric_limits<double>::infinity()), onlookers_(onlookers) {
  if (comm.size() == 1) return;
  roll_.emplace(comm);
  peers_.resize(static_cast<std::size_t>(roll_->size()));
  missed_.resize(peers_.size());
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

Patience Watchdog::patience_now() const {
  return {StopSignal::told_to_end() ? std::min(longest_silence_s, timeout_s_) : timeout_s_, timeout_s_};
}

/// Waits for a datagram, and answers it; false where none came.
bool Watchdog::hear(int milliseconds) {
  const RollCall::Heard heard = roll_->receive(milliseconds, own_presence());
  if (heard.kind == RollCall::Heard::Kind::leave) _exit(static_cast<int>(ExitStatus::lost));  // that one has told why
  if (heard.kind == RollCall::Heard::Kind::answer) {
    peers_[static_cast<std::size_t>(heard.rank)] = {true, true, heard.presence};
    missed_[static_cast<std::size_t>(heard.rank)] = 0;
  }
  return heard.kind != RollCall::Heard::Kind::nothing;
}

void Watchdog::ask(bool strangers_alone) {
  for (int r = 0; r < roll_->size(); ++r) {
    if (r == roll_->rank() || (strangers_alone && peers_[static_cast<std::size_t>(r)].heard)) continue;
    roll_->ask(r);
    while (hear(0)) continue;
  }
}

void Watchdog::warn_of_strangers() const {
  int first = -1;
  int count = 0;
  for (int r = roll_->size() - 1; r >= 0; --r) {
    if (r == roll_->rank() || peers_[static_cast<std::size_t>(r)].heard) continue;
    first = r;
    ++count;
  }
  if (count == 0) return;
  log_warning(
      fmt::format("{}{} not answer datagrams (UDP over IPv4); should a rank hang, the others leave only after "
                  "{:.0f} s instead of {:.0f} s; let such datagrams pass between the hosts",
                  roll_->name(first), count == 1 ? " does" : fmt::format(" and {} others do", count - 1),
                  slow_factor * timeout_s_, timeout_s_));
}

void Watchdog::watch() {
  Patience patience = patience_now();
  // Many ranks ask less often: each of them is asked by all.
  const auto interval = [&] { return std::max(std::min(1.0, patience.silent_s / 8.0), 0.01 * roll_->size()); };
  const int tick_ms = static_cast<int>(1000.0 * std::min(longest_tick_s, timeout_s_ / 16.0)) + 1;
  const auto name = [&](int rank) { return roll_->name(rank); };
  std::uint64_t collective = 0;
  double waited_s = 0.0;
  double next_question_s = 0.0;
  int greetings = 0;
  double next_greeting_s = 0.0;
  double watched_s = 0.0;
  ask(true);  // at once: who is stopped before the first answer would pass for one whom datagrams do not reach
  Clock::time_point last = Clock::now();
  while (!ended_) {
    hear(tick_ms);
    // Time in which this process was stopped is not time in which it waited.
    const double passed = std::min(std::chrono::duration<double>(Clock::now() - last).count(), 5.0 * longest_tick_s);
    last = Clock::now();
    watched_s += passed;
    if (greetings <= most_greetings && watched_s >= next_greeting_s) {
      if (greetings++ < most_greetings) {
        ask(true);
      } else if (onlookers_ == Onlookers::all) {
        warn_of_strangers();
      }
      next_greeting_s = watched_s + interval();
    }
    const Presence self = own_presence();
    const Patience now = patience_now();
    if (self.waits == 0 || self.collective != collective || now.silent_s != patience.silent_s) {
      collective = self.collective;
      patience = now;
      waited_s = 0.0;
      next_question_s = patience.silent_s / 2.0;
      std::fill(missed_.begin(), missed_.end(), 0);
      continue;
    }
    waited_s += passed;
    if (waited_s < next_question_s) continue;
    for (std::size_t r = 0; r < peers_.size(); ++r) {
      if (missed_[r]++ == 3) peers_[r].answers = false;
    }
    const std::string why = judge_wait(roll_->rank(), self, peers_, waited_s, patience, name);
    if (!why.empty()) leave(why);
    ask(false);
    next_question_s = waited_s + interval();
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
