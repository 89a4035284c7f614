#include "shoal/guard/watchdog.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>

#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/inquiry.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/io/start_thread.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double longest_silence_s = 5.0;
constexpr double longest_tick_s = 0.2;
constexpr int most_greetings = 10;

}  // namespace

Watchdog::Watchdog(const Communicator& comm, double timeout_s, Onlookers onlookers)
    : timeout_s_(timeout_s > 0.0 ? timeout_s : std::numeric_limits<double>::infinity()), onlookers_(onlookers) {
  if (comm.size() == 1) return;
  roll_.emplace(comm);
  inquiry_.emplace(roll_->rank(), roll_->size());
  thread_ = start_thread([this] { watch(); });
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
  if (heard.kind == RollCall::Heard::Kind::answer) inquiry_->heard(heard.rank, heard.presence);
  return heard.kind != RollCall::Heard::Kind::nothing;
}

void Watchdog::ask(const std::vector<int>& ranks) {
  for (const int r : ranks) {
    roll_->ask(r);
    while (hear(0)) continue;
  }
}

std::vector<int> Watchdog::strangers() const {
  std::vector<int> ranks;
  for (int r = 0; r < roll_->size(); ++r) {
    if (r != roll_->rank() && !inquiry_->peers()[static_cast<std::size_t>(r)].heard) ranks.push_back(r);
  }
  return ranks;
}

void Watchdog::warn_of_strangers() const {
  const std::vector<int> silent = strangers();
  if (silent.empty()) return;
  log_warning(fmt::format(
      "{}{} not answer datagrams (UDP over IPv4); should a rank hang, the others leave only after "
      "{:.0f} s instead of {:.0f} s; let such datagrams pass between the hosts",
      roll_->name(silent.front()), silent.size() == 1 ? " does" : fmt::format(" and {} others do", silent.size() - 1),
      slow_factor * timeout_s_, timeout_s_));
}

void Watchdog::watch() {
  Patience patience = patience_now();
  const int tick_ms = static_cast<int>(1000.0 * std::min(longest_tick_s, timeout_s_ / 16.0)) + 1;
  const auto name = [&](int rank) { return roll_->name(rank); };
  std::uint64_t collective = 0;
  double waited_s = 0.0;
  std::vector<int> whom;
  int greetings = 0;
  double next_greeting_s = 0.0;
  double watched_s = 0.0;
  inquiry_->begin(patience);
  ask(strangers());  // at once: who is stopped before the first answer would pass for one whom datagrams do not reach
  Clock::time_point last = Clock::now();
  while (!ended_) {
    hear(tick_ms);
    // Time in which this process was stopped is not time in which it waited.
    const double passed = std::min(std::chrono::duration<double>(Clock::now() - last).count(), 5.0 * longest_tick_s);
    last = Clock::now();
    watched_s += passed;
    if (greetings <= most_greetings && watched_s >= next_greeting_s) {
      if (greetings++ < most_greetings) {
        ask(strangers());
      } else if (onlookers_ == Onlookers::all) {
        warn_of_strangers();
      }
      next_greeting_s = watched_s + std::max(inquiry_->interval_s(), 0.01 * roll_->size());
    }
    const Presence self = own_presence();
    const Patience now = patience_now();
    if (self.waits == 0 || self.collective != collective || now.silent_s != patience.silent_s) {
      collective = self.collective;
      patience = now;
      waited_s = 0.0;
      inquiry_->begin(patience);
      continue;
    }
    waited_s += passed;
    if (!inquiry_->due(waited_s, whom)) continue;
    const std::string why = judge_wait(roll_->rank(), self, inquiry_->peers(), waited_s, patience, name);
    if (!why.empty()) leave(why);
    ask(whom);
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
