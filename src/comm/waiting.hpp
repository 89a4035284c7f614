#pragma once

#include <sched.h>

#include "shoal/core/profile.hpp"

namespace shoal {

/// Marks a call that waits for other ranks, from construction to destruction; see seconds_in_collective(), and in a
/// profile. Calls nest.
class Waiting {
 public:
  Waiting() noexcept;
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting();

 private:
  bool outermost_;
  Span span_{SpanKind::wait, "other ranks"};
};

/// Asks until the answer is yes: without a break at first, as messages are often a moment away, then leaving the core
/// to others in between. MPI's own waits do not, in MPICH.
template <class Ask>
void wait_until(const Ask& ask) {
  constexpr int tries_without_break = 500;  // some 50 us
  for (int tries = 0; !ask(); ++tries) {
    if (tries >= tries_without_break) sched_yield();
  }
}

}  // namespace shoal
