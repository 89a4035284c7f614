// What the fault points of the test binary do. Nothing of this is in the binary that users get.
//   SHOAL_FAULT=point:rank:step:mode     rank and step: a number, or * for any
//   SHOAL_STEPS=file                     rank 0 keeps the number of finished steps there
#include "shoal/guard/fault_point.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"

namespace shoal {
namespace {

struct Fault {
  std::string point;
  std::string rank;
  std::string step;
  std::string mode;
};

Fault fault_of_environment() {
  const char* text = std::getenv("SHOAL_FAULT");
  if (text == nullptr) return {};
  std::array<std::string, 4> parts;
  std::string_view rest = text;
  for (std::string& part : parts) {
    part = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
  return {parts[0], parts[1], parts[2], parts[3]};
}

bool is(const std::string& wanted, std::int64_t number) { return wanted == "*" || wanted == std::to_string(number); }

/// Whether the fault is due here; at most once in a process.
const Fault* due(const char* point) {
  static const Fault fault = fault_of_environment();
  static std::atomic<bool> done = false;
  if (fault.point != point || !is(fault.rank, log_rank()) || !is(fault.step, noted_step())) return nullptr;
  if (done.exchange(true)) return nullptr;
  std::fprintf(stderr, "fault: %s on rank %d at step %lld: %s\n", point, log_rank(),
               static_cast<long long>(noted_step()), fault.mode.c_str());
  return &fault;
}

/// What a run has done that is killed, which its metrics say only up to the last batch of lines.
void count_steps(std::string_view point) {
  static const char* const path = std::getenv("SHOAL_STEPS");
  const bool begins = point == "read";
  if (path == nullptr || log_rank() != 0 || (!begins && point != "save_begin")) return;
  static const int file = ::open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);  // NOLINT(*-vararg)
  const std::string text = fmt::format("{:020}", noted_step() - (begins ? 1 : 0));
  if (::pwrite(file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    throw std::runtime_error("cannot write SHOAL_STEPS");
}

void throw_error() { throw std::runtime_error("the fault that was asked for"); }
void throw_where_none_may() noexcept { throw_error(); }

[[noreturn]] void unknown(const std::string& mode) {
  throw std::invalid_argument("SHOAL_FAULT asks for the unknown mode " + mode);
}

void act(const std::string& mode) {
  if (mode == "throw") throw_error();
  if (mode == "error") throw Error(ExitStatus::input_output, "the fault that was asked for");
  if (mode == "memory") throw std::bad_alloc();
  if (mode == "terminate") throw_where_none_may();
  if (mode == "kill") raise(SIGKILL);
  if (mode == "stop") raise(SIGSTOP);
  if (mode == "segv") raise(SIGSEGV);
  if (mode == "usr1") raise(SIGUSR1);
  if (mode == "exit") _exit(0);
  if (mode == "hang") {
    for (;;) pause();
  }
  if (mode == "spin") {
    for (const volatile bool forever = true; forever;) continue;
  }
  for (const char* known : {"stop", "usr1"}) {
    if (mode == known) return;
  }
  unknown(mode);
}

template <class T>
void spoil(const char* point, std::span<T> values) {
  const Fault* fault = due(point);
  if (fault == nullptr || values.empty()) return;
  if (fault->mode == "nan") {
    values[0] = std::numeric_limits<T>::quiet_NaN();
  } else if (fault->mode == "flip") {  // one bit that the rounding of later steps does not wash out
    std::array<unsigned char, sizeof(T)> bytes;
    std::memcpy(bytes.data(), &values[0], sizeof(T));
    bytes[sizeof(T) - 2] ^= 1U;
    std::memcpy(&values[0], bytes.data(), sizeof(T));
  } else {
    act(fault->mode);
  }
}

}  // namespace

void fault_point(const char* point) {
  count_steps(point);
  if (const Fault* fault = due(point)) act(fault->mode);
}

void fault_point(const char* point, const Communicator& comm) {
  const Fault* fault = due(point);
  if (fault == nullptr) return;
  std::int64_t number = 0;
  if (fault->mode == "barrier") {
    comm.barrier();
  } else if (fault->mode == "broadcast") {
    comm.broadcast(std::as_writable_bytes(std::span(&number, 1)));
  } else if (fault->mode == "count") {
    comm.all_gather(number);
  } else {
    unknown(fault->mode);
  }
}

void fault_point(const char* point, std::span<float> values) { spoil(point, values); }
void fault_point(const char* point, std::span<double> values) { spoil(point, values); }

}  // namespace shoal
