#pragma once

#include "shoal/train/progress.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

/// seconds: that the step took.
ProgressState progress_state(const StepReport& step, double seconds);
/// The same at the end of an epoch.
ProgressState progress_state(const StepReport& step, double seconds, const EpochReport& epoch);

}  // namespace shoal
