#include "train/stop_signal.hpp"

#include <array>
#include <csignal>

namespace shoal {
namespace {

constexpr std::array signals = {SIGTERM, SIGINT, SIGUSR1};
volatile std::sig_atomic_t signal_received = 0;
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
}

StopSignal::~StopSignal() {
  for (std::size_t i = 0; i < signals.size(); ++i) sigaction(signals[i], &former[i], nullptr);
}

int StopSignal::received() noexcept { return signal_received; }

}  // namespace shoal
