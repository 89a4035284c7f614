#include "shoal/tensor/parallel.hpp"

#include <omp.h>

namespace shoal {
namespace {

int configured_threads = 0;

}  // namespace

void set_threads(int threads) { configured_threads = threads; }

int threads() { return configured_threads > 0 ? configured_threads : omp_get_max_threads(); }

void parallel_for(std::int64_t tasks, const std::function<void(std::int64_t)>& task) {
  const int team = static_cast<int>(tasks < threads() ? tasks : threads());
  if (team <= 1) {
    for (std::int64_t i = 0; i < tasks; ++i) task(i);
    return;
  }
#pragma omp parallel for schedule(dynamic) num_threads(team) default(none) shared(tasks, task)
  for (std::int64_t i = 0; i < tasks; ++i) task(i);
}

}  // namespace shoal
