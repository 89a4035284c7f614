// What threads cost each other, inside of a team: microseconds of a list with one task a thread, which does nothing but
// wait until every thread has begun its own; and at how many GB/s the calling thread reads what another has just
// written. For 2 to as many threads as there are cores; medians of 15 measurements, the least and the greatest.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include "../bench_numbers.hpp"
#include "shoal/tensor/parallel.hpp"

namespace {

using Clock = std::chrono::steady_clock;
constexpr int tries = 15;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

std::string text(const std::vector<double>& numbers) {
  const auto [least, greatest] = std::minmax_element(numbers.begin(), numbers.end());
  return fmt::format("{:.3f} ({:.3f} to {:.3f})", median(numbers), *least, *greatest);
}

/// A list of which every thread has one task.
template <class F>
void each_thread(int threads, const F& task) {
  std::atomic<int> begun{0};
  shoal::parallel_for(threads, [&](std::int64_t i) {
    ++begun;
    while (begun.load(std::memory_order_acquire) < threads) continue;
    task(i);
  });
}

std::vector<double> list_us(int threads) {
  constexpr int lists = 5000;
  std::vector<double> us;
  for (int m = 0; m < tries; ++m) {
    const auto begin = Clock::now();
    for (int i = 0; i < lists; ++i) each_thread(threads, [](std::int64_t) {});
    us.push_back(seconds_since(begin) * 1e6 / lists);
  }
  return us;
}

/// As much as the statistics of 64 leaves of 1,024 columns.
std::vector<double> reading_gb_per_s(int threads) {
  constexpr std::size_t size = 64 * 2048;
  std::vector<std::vector<double>> numbers(static_cast<std::size_t>(threads), std::vector<double>(size));
  std::vector<double> gb_per_s;
  for (int m = 0; m < tries; ++m) {
    std::atomic<std::size_t> others{0};
    thread_local bool reads = false;
    reads = true;
    each_thread(threads, [&](std::int64_t i) {
      const auto part = static_cast<std::size_t>(i);
      std::fill(numbers[part].begin(), numbers[part].end(), static_cast<double>(m));
      if (!reads) others = part;
    });
    const std::vector<double>& written = numbers[others];
    const auto begin = Clock::now();
    double sums[8] = {};  // several chains of additions, so that they do not set the pace
    for (std::size_t n = 0; n < size; n += 8) {
      for (std::size_t k = 0; k < 8; ++k) sums[k] += written[n + k];
    }
    const double seconds = seconds_since(begin);
    if (sums[0] == sums[7]) gb_per_s.push_back(static_cast<double>(size * sizeof(double)) * 1e-9 / seconds);
  }
  return gb_per_s;
}

}  // namespace

int main() {
  const int most = shoal::threads();
  for (int threads = 2; threads <= most; ++threads) {
    const shoal::ThreadLimit limit(threads);
    shoal::with_team([&] {
      const std::string list = text(list_us(threads));
      std::cout << fmt::format("{} threads: a list takes {} us; one thread reads {} GB/s\n", threads, list,
                               text(reading_gb_per_s(threads)));
    });
  }
  return 0;
}
