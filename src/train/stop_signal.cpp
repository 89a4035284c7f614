#include "train/stop_signal.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <string_view>

#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::array signals = {SIGTERM, SIGINT, SIGUSR1};
constexpr double longest_silence_s = 5.0;
std::atomic<int> signal_received = 0;  // without a lock, so that a signal handler may set it
static_assert(std::atomic<int>::is_always_lock_free);
std::array<struct sigaction, signals.size()> former;

extern "C" void note_signal(int number) { signal_received = number; }

}  // namespace

StopSignal::StopSignal() {
  signal_received = 0;
  struct sigaction action = {};
  action.sa_handler = note_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &action, &former[i]);
  watch_ = std::thread(&StopSignal::watch, this);
}

StopSignal::~StopSignal() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ended_changed_.notify_all();
  watch_.join();
  for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &former[i], nullptr);
}

int StopSignal::received() noexcept { return signal_received; }

void StopSignal::watch() {
  std::unique_lock lock(mutex_);
  while (!ended_changed_.wait_for(lock, std::chrono::milliseconds(200), [&] { return ended_; })) {
    const int signal = received();
    if ((signal != SIGTERM && signal != SIGINT) || seconds_in_collective() < longest_silence_s) continue;
    // Nothing that could wait for anybody: a plain write, and out.
    constexpr std::string_view message =
        "shoal: error: asked to stop, but the other ranks are silent; the checkpoints written before are sound\n";
    [[maybe_unused]] const auto written = write(STDERR_FILENO, message.data(), message.size());
    _exit(static_cast<int>(ExitStatus::lost));
  }
}

}  // namespace shoal
