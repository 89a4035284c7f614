#pragma once

#include <cstddef>
#include <vector>

#include "shoal/graph/graph.hpp"

namespace shoal {

/// Of each node, whether the value of node `until` is made of it; itself too.
std::vector<bool> nodes_below(const Graph& graph, std::size_t until);
/// Whether an input of the node has a value for each sample.
bool works_per_sample(const Graph& graph, const Node& node);
/// Of an operation's inputs, in their order.
std::vector<ValueShape> input_shapes(const Graph& graph, const Node& node);

}  // namespace shoal
