// How far two cores are apart: nanoseconds in which a cache line goes from one to the other and back, the median of 15
// measurements, the least and the greatest. A virtual machine's cores can be moved, and their distance with them, at
// any moment; steps of small networks with two threads, and small sums between ranks, follow it.
//   core_distance       takes the first two cores that it may use
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <thread>
#include <vector>

#include "bench_numbers.hpp"

namespace {

constexpr int measurements = 15;
constexpr std::uint64_t round_trips = 20000;

alignas(64) std::atomic<std::uint64_t> there{0};
alignas(64) std::atomic<std::uint64_t> back{0};

std::vector<int> cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  std::vector<int> found;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) found.push_back(core);
  }
  return found;
}

void keep_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
}

}  // namespace

int main() {
  const std::vector<int> own = cores();
  if (own.size() < 2) {
    std::cerr << "core_distance: one core alone is in reach\n";
    return 64;
  }
  std::thread other([&] {
    keep_to(own[1]);
    for (std::uint64_t i = 1; i <= measurements * round_trips; ++i) {
      while (there.load(std::memory_order_acquire) < i) continue;
      back.store(i, std::memory_order_release);
    }
  });
  keep_to(own[0]);
  std::vector<double> nanoseconds;
  std::uint64_t i = 0;
  for (int m = 0; m < measurements; ++m) {
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t trip = 0; trip < round_trips; ++trip) {
      there.store(++i, std::memory_order_release);
      while (back.load(std::memory_order_acquire) < i) continue;
    }
    const std::chrono::duration<double, std::nano> passed = std::chrono::steady_clock::now() - start;
    nanoseconds.push_back(passed.count() / static_cast<double>(round_trips));
  }
  other.join();
  const auto [least, greatest] = std::minmax_element(nanoseconds.begin(), nanoseconds.end());
  std::cout << fmt::format("cores {} and {}: round trip {:.0f} ns ({:.0f}-{:.0f})\n", own[0], own[1],
                           median(nanoseconds), *least, *greatest);
  return 0;
}
