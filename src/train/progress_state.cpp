#include "shoal/train/progress_state.hpp"

namespace shoal {

ProgressState progress_state(const StepReport& step, double seconds) {
  ProgressState state;
  state.step = step.step;
  state.epoch = step.epoch;
  state.loss = step.loss;
  state.samples = step.samples;
  state.seconds = seconds;
  return state;
}

ProgressState progress_state(const StepReport& step, double seconds, const EpochReport& epoch) {
  ProgressState state = progress_state(step, seconds);
  state.loss = epoch.average.loss;
  state.accuracy = epoch.average.accuracy;
  if (epoch.validation) {
    state.validation_loss = epoch.validation->loss;
    state.validation_accuracy = epoch.validation->accuracy;
  }
  return state;
}

}  // namespace shoal
