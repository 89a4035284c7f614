#include "shoal/tensor/parallel.hpp"

#include <omp.h>

#include <algorithm>
#include <exception>

#include "shoal/core/cores.hpp"
#include "tensor/team.hpp"

namespace shoal {
namespace {

int configured_threads = 0;

/// The team whose thread 0 this is, outside its tasks.
thread_local Team* standing_by = nullptr;

}  // namespace

void set_threads(int threads) { configured_threads = threads; }

int threads() { return configured_threads > 0 ? configured_threads : omp_get_max_threads(); }

int cores_in_reach() { return std::max(usable_cores(), omp_get_num_procs()); }

ThreadLimit::ThreadLimit(int most) : before_(configured_threads) { set_threads(std::min(most, threads())); }
ThreadLimit::~ThreadLimit() { set_threads(before_); }

void run_tasks(const TaskList& list) {
  if (list.tasks <= 1 || threads() <= 1 || (standing_by == nullptr && omp_in_parallel() != 0)) {
    for (std::int64_t i = 0; i < list.tasks; ++i) list.function(list.context, i);
    return;
  }
  if (standing_by == nullptr) return with_team([&list] { run_tasks(list); });
  Team* const team = standing_by;
  standing_by = nullptr;  // a task that asks for more tasks does them itself
  try {
    team->run(list);
  } catch (...) {
    standing_by = team;
    throw;
  }
  standing_by = team;
}

void with_team(const TaskList& body) {
  if (threads() <= 1 || standing_by != nullptr || omp_in_parallel() != 0) return body.function(body.context, 0);
  Team team(threads());
  std::exception_ptr thrown;  // nothing may leave the region
#pragma omp parallel num_threads(threads()) default(none) shared(team, body, thrown)
  {
    if (omp_get_thread_num() == 0) {
      standing_by = &team;
      try {
        body.function(body.context, 0);
      } catch (...) {
        thrown = std::current_exception();
      }
      standing_by = nullptr;
      team.dismiss();
    } else {
      team.help(omp_get_thread_num());
    }
  }
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace shoal
