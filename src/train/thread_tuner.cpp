#include "train/thread_tuner.hpp"

#include <algorithm>

namespace shoal {
namespace {

// Windows of steps, two to a trial: one with the best number so far, one with another. The first trials follow each
// other, as many as take 256 threads to 1; later ones are rare.
constexpr std::int64_t window_steps = 16;
constexpr std::int64_t trial_steps = 2 * window_steps;
constexpr std::int64_t first_trials = 16;
constexpr std::int64_t later_every = 64;  // trials
constexpr double gain = 0.95;             // that is worth a change
constexpr double long_step = 2e-3;        // seconds

double median(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

bool ThreadTuner::trying() const {
  const std::int64_t trial = step_ / trial_steps;
  const bool now = trial < first_trials || trial % later_every < 2;  // fewer, then more
  return now && step_ % trial_steps >= window_steps;
}

int ThreadTuner::candidate() const {
  const bool fewer = step_ / trial_steps % 2 == 0;
  if (fewer) return before_ < long_step ? std::max(1, best_ / 2) : best_;
  return std::min(most_, 2 * best_);
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
  } else if (took < gain * before_) {
    best_ = with;
  }
}

}  // namespace shoal
