#include "comm/waiting.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

#include "shoal/comm/session.hpp"

namespace shoal {
namespace {

std::atomic<std::int64_t> waiting_since_ns = 0;  // 0: not waiting
std::atomic<std::uint64_t> begun = 0;

std::int64_t now_ns() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Waiting::Waiting() noexcept : outermost_(waiting_since_ns.load(std::memory_order_relaxed) == 0) {
  if (!outermost_) return;
  begun.fetch_add(1, std::memory_order_relaxed);
  waiting_since_ns.store(now_ns(), std::memory_order_relaxed);
}

Waiting::~Waiting() {
  if (outermost_) waiting_since_ns.store(0, std::memory_order_relaxed);
}

double seconds_in_collective() noexcept {
  const std::int64_t since = waiting_since_ns.load(std::memory_order_relaxed);
  return since == 0 ? 0.0 : static_cast<double>(now_ns() - since) * 1e-9;
}

std::uint64_t collectives_begun() noexcept { return begun.load(std::memory_order_relaxed); }

}  // namespace shoal
