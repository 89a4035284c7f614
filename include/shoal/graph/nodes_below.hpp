#pragma once

#include <cstddef>
#include <vector>

#include "shoal/graph/graph.hpp"

namespace shoal {

/// Of each node, whether the value of node `until` is made of it; itself too.
std::vector<bool> nodes_below(const Graph& graph, std::size_t until);

}  // namespace shoal
