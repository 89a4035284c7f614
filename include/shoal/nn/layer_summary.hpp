#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "shoal/graph/graph.hpp"

namespace shoal {

/// A layer as it was built.
struct LayerSummary {
  std::string name;       ///< that of its parameters, or its own; else its type
  std::size_t depth = 0;  ///< how many layers hold it
  ValueShape output;
  std::int64_t parameters = 0;  ///< trained numbers; without those of layers that it holds
  double multiply_adds = 0.0;   ///< of a sample, in products with its weights; without those of layers that it holds
};

/// Adds what the nodes of a graph from `first` on have and do.
void add_nodes(const Graph& graph, std::size_t first, LayerSummary& summary);

}  // namespace shoal
