#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace shoal {

/// The checkpoints of the best n trials that a sweep has trained to the end, from the best on: an ensemble.
/// @throws Error  no_input: no sweep there, or one that has not ended, or has no such checkpoints any more;
///                usage: fewer were kept (sweep.keep), or trained to the end
std::vector<std::string> best_checkpoints(const std::string& sweep, std::int64_t n);

}  // namespace shoal
