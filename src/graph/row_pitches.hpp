#pragma once

#include <cstdint>
#include <vector>

#include "shoal/graph/graph.hpp"

namespace shoal {

/// By node: the pitch of its rows in the buffers of an executor. Narrow are those of images of at most 16 columns that
/// operations make and use which all can do with it.
std::vector<std::int64_t> row_pitches(const Graph& graph);

}  // namespace shoal
