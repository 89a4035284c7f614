#include "shoal/nn/layer_summary.hpp"

#include "shoal/graph/graph_cost.hpp"

namespace shoal {

void add_nodes(const Graph& graph, std::size_t first, LayerSummary& summary) {
  const auto nodes = graph.nodes();
  for (std::size_t id = first; id < nodes.size(); ++id) {
    const Node& node = nodes[id];
    if (node.kind == Node::Kind::parameter) summary.parameters += node.shape.rows * node.shape.columns;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) summary.multiply_adds += product_of(graph, id, i);
  }
}

}  // namespace shoal
