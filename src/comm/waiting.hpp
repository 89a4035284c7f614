#pragma once

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

}  // namespace shoal
