#pragma once

#include "shoal/tune/sweep.hpp"
#include "tune/sweep_under_way.hpp"

namespace shoal {

/// Collective, when every trial has ended: the best get their names, the tables are written, and the best setting is
/// trained on all rows, where that is wanted. A checkpoint that is missing is made anew.
/// @returns false when it was stopped  @throws SharedError  input_output; diverged: the final fit failed
bool finish(SweepUnderWay& sweep, SweepSummary& summary);

}  // namespace shoal
