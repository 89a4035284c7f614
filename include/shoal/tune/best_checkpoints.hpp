#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/infer/distinct_models.hpp"

namespace shoal {

/// The checkpoints of the best n trials that a sweep has trained to the end, from the best on: an ensemble. A trial
/// whose model another has to the bit is left out, and the next best one taken; says how many were.
/// @param models  those that are members already; these are added
/// @throws Error  no_input: no sweep there, or one that has not ended, or has no such checkpoints any more;
///                usage: fewer were kept (sweep.keep), or trained to the end, or differ
std::vector<std::string> best_checkpoints(const std::string& sweep, std::int64_t n, DistinctModels& models);

}  // namespace shoal
