#include "shoal/guard/stop_signal.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "shoal/comm/launcher.hpp"

namespace shoal {
namespace {

constexpr std::array signals = {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGCONT};
constexpr auto tick = std::chrono::milliseconds(200);
std::atomic<int> signal_received = 0;  // without a lock, so that a signal handler may set it
std::atomic<bool> continued = false;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);
int mpirun = -1;  // its process, set before the handlers
std::array<struct sigaction, signals.size()> former;

extern "C" void note_signal(int number, siginfo_t* info, void*) {
  if (number != SIGCONT) {
    signal_received = number;
  } else if (info->si_pid == mpirun) {
    continued = true;
  }
}

}  // namespace

StopSignal::StopSignal() {
  signal_received = 0;
  continued = false;
  mpirun = process_of_mpirun([](const char* name) { return std::getenv(name); });
  struct sigaction action = {};
  action.sa_sigaction = note_signal;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  for (std::size_t i = 0; i < signals.size(); ++i) {
    sigaction(signals[i], &action, &former[i]);
    const bool by_nohup = signals[i] == SIGHUP && former[i].sa_handler == SIG_IGN;
    if (by_nohup) sigaction(signals[i], &former[i], nullptr);
  }
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

bool StopSignal::told_to_end() noexcept { return signal_received == SIGTERM || signal_received == SIGINT; }

void StopSignal::watch() {
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_tick = Clock::now();
  std::unique_lock lock(mutex_);
  while (!ended_changed_.wait_for(lock, tick, [&] { return ended_; })) {
    // A process that was stopped has missed ticks; one that was not gets SIGCONT from a launcher that ends the job.
    const bool was_stopped = Clock::now() - last_tick > std::chrono::seconds(1);
    last_tick = Clock::now();
    if (continued.exchange(false) && !was_stopped) {
      int none = 0;
      signal_received.compare_exchange_strong(none, SIGTERM);
    }
  }
}

}  // namespace shoal
