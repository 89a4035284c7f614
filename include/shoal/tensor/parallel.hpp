#pragma once

#include <cstdint>
#include <functional>

namespace shoal {

/// Threads that parallel_for uses; set once at start.
void set_threads(int threads);
int threads();

/// Runs task(i) for each i in [0, tasks), each whole by one thread. Which thread does which, and when, is free: a task
/// must not depend on it. Tasks must not throw; check before. Every thread has the rounding and denormal modes that the
/// processor starts with, which nothing in shoal changes.
void parallel_for(std::int64_t tasks, const std::function<void(std::int64_t)>& task);

}  // namespace shoal
