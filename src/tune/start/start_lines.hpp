#pragma once

#include "shoal/comm/communicator.hpp"
#include "tune/start/sweep_task.hpp"

namespace shoal {

/// On rank 0: what a sweep that begins, or goes on, is about to do, and what of its config does nothing.
void say_start(const SweepTask& task, bool goes_on, const Communicator& world);

/// Of a search that would choose by results, and has too few trials for it; empty: it has enough, or is none.
std::string too_few_trials_line(const SweepSettings& settings);

}  // namespace shoal
