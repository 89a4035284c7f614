#include "shoal/guard/stop_signal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include "shoal/comm/launcher.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/start_thread.hpp"

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
    int announced = SIGCONT;  // its SIGTERM says nothing new
    if (!signal_received.compare_exchange_strong(announced, SIGCONT)) signal_received = number;
  } else if (info->si_pid == mpirun) {
    continued = true;
  }
}

/// To the terminal that mpirun was started from, if this rank is on its host.
bool write_to_terminal(const std::string& text) {
  const int terminal = ::open("/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) return false;
  // A rank is in the background there, and some terminals stop what writes from the background.
  sigset_t stop;
  sigset_t before;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &stop, &before);
  const bool written = ::write(terminal, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(terminal);
  return written;
}

/// How long mpirun waits between two signals.
std::string patience_of_mpirun() {
  const char* seconds = std::getenv("OMPI_MCA_odls_base_sigkill_timeout");
  return seconds == nullptr ? "1" : seconds;
}

void announce(const std::string& saved) {
  if (saved.empty() || log_rank() != 0) return;
  const std::string line = "mpirun ends the job: " + saved +
                           ", unless it lost a rank; mpirun itself waits up to twice " + patience_of_mpirun() +
                           " s more and shows nothing until then";
  if (!write_to_terminal("\nshoal: " + line + '\n')) log_info(line);
}

}  // namespace

StopSignal::StopSignal(std::string saved) : saved_(std::move(saved)) {
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
  watch_ = start_thread([this] { watch(); });
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

std::string StopSignal::name() {
  switch (const int number = signal_received) {
    case 0: return "a signal";
    case SIGTERM: return "SIGTERM";
    case SIGINT: return "SIGINT";
    case SIGUSR1: return "SIGUSR1";
    case SIGHUP: return "SIGHUP";
    case SIGCONT: return "mpirun (its SIGCONT)";
    default: return "signal " + std::to_string(number);
  }
}

bool StopSignal::told_to_end() noexcept {
  const int number = signal_received;
  return number == SIGTERM || number == SIGINT || number == SIGCONT;
}

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
      if (signal_received.compare_exchange_strong(none, SIGCONT)) announce(saved_);
    }
  }
}

}  // namespace shoal
