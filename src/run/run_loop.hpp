#pragma once

#include "run/run_plan.hpp"
#include "shoal/comm/communicator.hpp"
#include "shoal/core/error.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

/// Collective. Trains to the end, or until a signal or max_seconds, with metrics, checkpoints and nudges in the plan's
/// directory, which rank 0 alone has. The plan's journal and config are the same on all ranks.
/// @returns done or stopped
ExitStatus run_loop(Training& training, RunPlan& plan, Communicator& comm);

}  // namespace shoal
