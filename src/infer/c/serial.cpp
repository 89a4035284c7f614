// What shoal/tensor/parallel.hpp declares, for a library without threads of its own: the thread that calls does all.
#include "shoal/tensor/parallel.hpp"

namespace shoal {

int threads() { return 1; }

void run_tasks(const TaskList& list) {
  for (std::int64_t i = 0; i < list.tasks; ++i) list.function(list.context, i);
}

void with_team(const TaskList& body) { body.function(body.context, 0); }

}  // namespace shoal
