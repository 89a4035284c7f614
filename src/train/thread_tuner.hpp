#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace shoal {

/// Finds how many threads a step is worth. Each phase of a step ends with a barrier, so a small model is slower with
/// many threads than with few, above all where cores are far from each other or busy with something else. It tries half
/// and twice as many for a few steps now and then, and goes on with what was faster. Half as many are not tried where
/// steps are so long that barriers cannot matter. How many compute changes no bit.
///
/// What is tried when depends on the number of steps alone: ranks that train together try it together, since a step
/// takes as long as the slowest of them.
class ThreadTuner {
 public:
  /// most: to start with, and never more
  explicit ThreadTuner(int most) : most_(most), best_(most) {}

  /// For the next step.
  int threads() const { return trying() ? candidate() : best_; }
  /// How long that step took.
  void note(std::chrono::duration<double> step);

 private:
  bool trying() const;
  int candidate() const;

  int most_;
  int best_;
  std::int64_t step_ = 0;
  std::vector<double> times_;  // of the steps of this window, in seconds
  double before_ = 0.0;        // median with best_, in the window before
};

}  // namespace shoal
