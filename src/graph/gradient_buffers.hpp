#pragma once

#include <vector>

#include "graph/schedule.hpp"

namespace shoal {

/// Which gradients of values per sample, of a graph with images, can lie in one buffer: those of one shape and pitch,
/// of which the later ones are made when nothing reads the earlier ones any more.
/// @param wanted  by node: whether its gradient has a buffer
/// @return by node: the number of its buffer, or -1 where it has none or is of a whole value
std::vector<int> shared_buffers(const Graph& graph, const Schedule& backward, const std::vector<bool>& wanted);

}  // namespace shoal
