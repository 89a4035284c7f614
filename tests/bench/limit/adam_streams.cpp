#include <omp.h>

#include <algorithm>
#include <chrono>

#include "limit/products.hpp"
#include "shoal/tensor/buffer.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

namespace limit {
namespace {

FOR_EACH_PROCESSOR void stream(std::int64_t count, float* w, const float* g, float* m, float* v) {
  for (std::int64_t i = 0; i < count; ++i) {
    m[i] += g[i];
    v[i] += g[i];
    w[i] += m[i];
  }
}

}  // namespace

double adam_streams(std::int64_t parameters, int threads, int repetitions) {
  shoal::Buffer<float> memory[4] = {shoal::Buffer<float>(parameters), shoal::Buffer<float>(parameters),
                                    shoal::Buffer<float>(parameters), shoal::Buffer<float>(parameters)};
  std::vector<double> times;
  for (int r = 0; r < repetitions; ++r) {
    const auto before = std::chrono::steady_clock::now();
#pragma omp parallel num_threads(threads) default(none) shared(memory, parameters, threads)
    {
      const std::int64_t piece = (parameters + threads - 1) / threads;
      const std::int64_t first = std::min(parameters, piece * omp_get_thread_num());
      stream(std::min(parameters - first, piece), memory[0].data() + first, memory[1].data() + first,
             memory[2].data() + first, memory[3].data() + first);
    }
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - before).count());
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

}  // namespace limit
