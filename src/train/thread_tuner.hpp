#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace shoal {

/// Finds how many threads a step is worth. Each phase of a step ends with a barrier, so a small model is slower with
/// many threads than with few, above all where cores are far from each other or busy with something else. At first it
/// halves the number as long as that makes steps faster; now and then it tries half and twice as many again. Half as
/// many are not tried where each thread has so much to compute that barriers cannot matter. How many compute changes no
/// bit.
///
/// What is tried when depends on the number of steps: ranks that train together try it together, since a step takes as
/// long as the slowest of them.
class ThreadTuner {
 public:
  /// most: to start with, and never more
  /// work: roughly how long one thread alone computes a step
  ThreadTuner(int most, std::chrono::duration<double> work) : most_(most), best_(most), work_(work) {}

  /// For the next step.
  int threads() const { return trying() ? candidate() : best_; }
  /// How long that step took.
  void note(std::chrono::duration<double> step);

 private:
  bool trying() const;
  int candidate() const;

  int most_;
  int best_;
  std::chrono::duration<double> work_;
  std::int64_t step_ = 0;
  bool falling_ = true;        // at first, until half as many were no better
  std::vector<double> times_;  // of the steps of this window, in seconds
  double before_ = 0.0;        // median with best_, in the window before
};

/// The work of a step over `samples` samples; multiply_adds: of the forward pass of one.
std::chrono::duration<double> work_of_step(double multiply_adds, std::int64_t samples);

}  // namespace shoal
