#include "comm/window.hpp"

#include <sched.h>

#include <algorithm>
#include <new>

#include "comm/waiting.hpp"

namespace shoal {
namespace {

constexpr std::int64_t page_bytes = 4096;
constexpr int spins = 4000;  // some 50 us: longer than ranks that do the same work are apart

std::int64_t whole_pages(std::int64_t bytes) { return (bytes + page_bytes - 1) / page_bytes * page_bytes; }

/// Tells the processor that this is a loop that waits.
void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// One value of each rank, on every rank.
template <class T>
std::vector<T> all_gather(Transport& transport, const T& mine) {
  std::vector<T> all(static_cast<std::size_t>(transport.place().size));
  std::vector<std::int64_t> begin;
  for (std::size_t r = 0; r <= all.size(); ++r) begin.push_back(static_cast<std::int64_t>(r * sizeof(T)));
  all[static_cast<std::size_t>(transport.place().rank)] = mine;
  transport.all_gather(std::as_writable_bytes(std::span(all)), begin);
  return all;
}

}  // namespace

Window::Window(Transport& transport, std::int64_t common_bytes, std::int64_t own_bytes)
    : transport_(transport), groups_(transport.place().groups) {
  const int rank = transport.place().rank;
  const std::vector<std::int64_t> all_bytes = all_gather(transport, own_bytes);
  const auto own = [&](const Groups& groups) {
    return std::vector<std::int64_t>(all_bytes.begin() + groups.begin(),
                                     all_bytes.begin() + groups.begin() + groups.size());
  };
  lay_out(common_bytes, own(groups_));
  if (groups_.count() < transport.place().size) {  // somewhere memory is shared
    if (rank == groups_.begin()) memory_ = SharedMemory::make(part_begin_.back());
    const auto addresses = all_gather(transport, memory_.address());
    if (rank != groups_.begin())
      memory_ = SharedMemory::open(addresses[static_cast<std::size_t>(groups_.begin())], part_begin_.back());
    const std::vector<char> mapped = all_gather(transport, static_cast<char>(memory_.data() != nullptr));
    memory_.seal();
    if (std::find(mapped.begin(), mapped.end(), 0) == mapped.end()) {
      member_ = rank - groups_.begin();
      return;
    }
    groups_ = alone(transport.place().size, rank);
    lay_out(common_bytes, own(groups_));
  }
  memory_ = SharedMemory::make_private(part_begin_.back());
  if (memory_.data() == nullptr) throw std::bad_alloc();
}

void Window::lay_out(std::int64_t common_bytes, const std::vector<std::int64_t>& own_bytes) {
  common_begin_ = whole_pages(static_cast<std::int64_t>(own_bytes.size() * sizeof(Flags)));
  part_begin_.assign(1, common_begin_ + whole_pages(common_bytes));
  for (const std::int64_t bytes : own_bytes) part_begin_.push_back(part_begin_.back() + whole_pages(bytes));
}

template <class Ready>
void Window::wait_until(const Ready& ready) {
  if (ready()) return;
  const bool messages_go_on = groups_.count() > 1;
  for (int spin = 1; !ready(); ++spin) {
    if (transport_.place().crowded || spin > spins) {
      // Messages to other hosts move only while somebody calls MPI.
      if (messages_go_on) transport_.progress();
      sched_yield();
    } else {
      pause();
    }
  }
}

void Window::barrier() {
  const Waiting waiting;
  ++barriers_;
  flags(member_).arrivals.value.store(barriers_, std::memory_order_release);
  for (int member = 0; member < groups_.size(); ++member) {
    wait_until([&] { return flags(member).arrivals.value.load(std::memory_order_acquire) >= barriers_; });
  }
}

void Window::signal(std::uint64_t value) { flags(member_).signal.value.store(value, std::memory_order_release); }

std::uint64_t Window::lowest_signal() const {
  std::uint64_t lowest = flags(0).signal.value.load(std::memory_order_acquire);
  for (int member = 1; member < groups_.size(); ++member)
    lowest = std::min(lowest, flags(member).signal.value.load(std::memory_order_acquire));
  return lowest;
}

void Window::wait_for_signals(std::uint64_t value) {
  const Waiting waiting;
  wait_until([&] { return lowest_signal() >= value; });
}

}  // namespace shoal
