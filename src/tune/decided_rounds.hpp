#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tune/sampler.hpp"

namespace shoal {

// What a search that learns has decided on, kept in the folder of the sweep beside the journals (see SweepPaths): who
// reads or goes on with a sweep need not decide on all its rounds anew. A line a round, from the second one on.

std::string to_jsonl(const std::vector<std::vector<Place>>& rounds);
/// Up to the first line that is none, or is torn.
std::vector<std::vector<Place>> parse_rounds(std::string_view text);
/// Of a sweep's file; none where it is not there. @throws Error(input_output)
std::vector<std::vector<Place>> read_rounds(const std::string& file);

}  // namespace shoal
