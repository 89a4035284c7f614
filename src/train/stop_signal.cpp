#include "train/stop_signal.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
#include <string_view>

#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::array signals = {SIGTERM, SIGINT, SIGUSR1, SIGCONT};
constexpr double longest_silence_s = 5.0;
constexpr auto tick = std::chrono::milliseconds(200);
std::atomic<int> signal_received = 0;  // without a lock, so that a signal handler may set it
std::atomic<bool> continued = false;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
std::array<struct sigaction, signals.size()> former;

extern "C" void note_signal(int number) {
  if (number == SIGCONT) {
    continued = true;
  } else {
    signal_received = number;
  }
}

}  // namespace

StopSignal::StopSignal() {
  signal_received = 0;
  continued = false;
  struct sigaction action = {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &action, &former[i]);
  watch_ = std::thread(&StopSignal::watch, this);
  // It may have been held back until now.
  sigset_t ready;
  sigemptyset(&ready);
  sigaddset(&ready, SIGUSR1);
  pthread_sigmask(SIG_UNBLOCK, &ready, nullptr);
}

StopSignal::~StopSignal() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ended_changed_.notify_all();
  watch_.join();
  for (std::size_t i = 0; i < signals.size(); ++i) {
    // A scheduler's warning that comes when the work is done must not end the process before it says so.
    const bool harmless = signals[i] == SIGUSR1 && former[i].sa_handler == SIG_DFL;
    if (!harmless) sigaction(signals[i], &former[i], nullptr);
  }
}

int StopSignal::received() noexcept { return signal_received; }

void StopSignal::watch() {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  };
  Clock::time_point last_tick = Clock::now();
  std::optional<Clock::time_point> asked;
  std::unique_lock lock(mutex_);
  while (!ended_changed_.wait_for(lock, tick, [&] { return ended_; })) {
    // A process that was stopped has missed ticks; one that was not gets SIGCONT from a launcher that ends the job.
    const bool was_stopped = seconds_since(last_tick) > 1.0;
    last_tick = Clock::now();
    if (continued.exchange(false) && !was_stopped && launcher_ends_jobs_by_sigcont()) {
      int none = 0;
      signal_received.compare_exchange_strong(none, SIGTERM);
    }
    const int signal = received();
    if (signal != SIGTERM && signal != SIGINT) continue;
    if (!asked) asked = Clock::now();
    if (std::min(seconds_in_collective(), seconds_since(*asked)) < longest_silence_s) continue;
    // Nothing that could wait for anybody: a plain write, and out.
    constexpr std::string_view message =
        "shoal: error: asked to stop, but the other ranks are silent; the checkpoints written before are sound\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, message.data(), message.size());
    _exit(static_cast<int>(ExitStatus::lost));
  }
}

}  // namespace shoal
