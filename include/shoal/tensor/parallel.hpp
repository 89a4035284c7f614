#pragma once

#include <cstdint>
#include <type_traits>

namespace shoal {

/// Threads that parallel_for uses; set once at start.
void set_threads(int threads);
int threads();

/// The processors that this process may use, at least 1. Where OMP_PROC_BIND is set, OpenMP's runtime has bound the
/// first thread to one of them before main began, and it alone knows the others.
int cores_in_reach();

/// parallel_for uses `most` threads at most while this lives. For the thread that trains, outside with_team().
class ThreadLimit {
 public:
  explicit ThreadLimit(int most);
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;
  ~ThreadLimit();

 private:
  int before_;
};

/// Work of one call of parallel_for: function(context, i) for each task i.
struct TaskList {
  using Function = void (*)(const void* context, std::int64_t task);
  std::int64_t tasks = 0;
  Function function = nullptr;
  const void* context = nullptr;
};
void run_tasks(const TaskList& list);

/// Runs task(i) for each i in [0, tasks), each whole by one thread; returns when all are done. Which thread does which,
/// and when, is free: a task must not depend on it. Threads begin with contiguous runs of tasks (the same ones for
/// equal counts, so that data stay near) and take from each other when theirs are done, so that a thread that a foreign
/// process holds up delays nobody for longer than one task. What a task throws is thrown to the caller, the first of
/// several, once no thread works on the list any more. Called from inside a task it runs serially. Every thread has the
/// rounding and denormal modes that the calling thread had when the first of them was made: see core/float_modes.hpp.
template <class F>
void parallel_for(std::int64_t tasks, const F& task) {
  run_tasks({tasks, [](const void* context, std::int64_t i) { (*static_cast<const F*>(context))(i); }, &task});
}

/// Runs `body` on the calling thread while the other threads stand by: each parallel_for inside costs a light barrier
/// instead of a parallel region. A training step is one such body. Inside another one it is a plain call. What body
/// throws is thrown to the caller.
void with_team(const TaskList& body);
template <class F>
void with_team(const F& body) {
  with_team(TaskList{1, [](const void* context, std::int64_t) { (*static_cast<const F*>(context))(); }, &body});
}

}  // namespace shoal
