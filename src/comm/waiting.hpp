#pragma once

namespace shoal {

/// Marks a call that waits for other ranks, from construction to destruction; see seconds_in_collective(). Calls nest.
class Waiting {
 public:
  Waiting() noexcept;
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting();

 private:
  bool outermost_;
};

}  // namespace shoal
