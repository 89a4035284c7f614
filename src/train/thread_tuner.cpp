#include "train/thread_tuner.hpp"

#include <algorithm>

namespace shoal {
namespace {

// Windows of steps, two to a trial: one with the best number so far, one with another.
constexpr std::int64_t window_steps = 16;
constexpr std::int64_t trial_steps = 2 * window_steps;
constexpr std::int64_t later_every = 64;  // trials; then fewer are tried, and more
constexpr double gain = 0.95;             // that is worth a change
constexpr std::chrono::duration<double> much_work(2e-3);

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

bool ThreadTuner::trying() const {
  const std::int64_t trial = step_ / trial_steps;
  return (falling_ || trial % later_every < 2) && step_ % trial_steps >= window_steps;
}

int ThreadTuner::candidate() const {
  const bool more = !falling_ && step_ / trial_steps % 2 == 1;
  if (more) return std::min(most_, 2 * best_);
  return work_ / best_ < much_work ? std::max(1, best_ / 2) : best_;
}

void ThreadTuner::note(std::chrono::duration<double> step) {
  times_.push_back(step.count());
  const bool tried = trying();
  const int with = threads();
  if (++step_ % window_steps != 0) return;
  const double took = median(times_);
  times_.clear();
  if (!tried) {
    before_ = took;
  } else if (with != best_ && took < gain * before_) {
    best_ = with;
  } else {
    falling_ = false;
  }
}

std::chrono::duration<double> work_of_step(double multiply_adds, std::int64_t samples) {
  constexpr double flops_per_second = 5e10;  // of a core; what it is exactly matters little
  constexpr double flops = 6.0;              // two for one forward, and for the two backward
  return std::chrono::duration<double>(flops * multiply_adds * static_cast<double>(samples) / flops_per_second);
}

}  // namespace shoal
