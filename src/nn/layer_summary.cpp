#include "shoal/nn/layer_summary.hpp"

namespace shoal {

void add_nodes(const Graph& graph, std::size_t first, LayerSummary& summary) {
  const auto nodes = graph.nodes();
  for (std::size_t id = first; id < nodes.size(); ++id) {
    const Node& node = nodes[id];
    if (node.kind == Node::Kind::parameter) summary.parameters += node.shape.rows * node.shape.columns;
    // An embedding looks rows up.
    if (node.operation == nullptr || node.operation->name() == "embedding") continue;
    for (const std::size_t input : node.inputs) {
      if (nodes[input].kind != Node::Kind::parameter || graph.parameters()[nodes[input].parameter].declared.size() == 1)
        continue;
      summary.multiply_adds += static_cast<double>(nodes[input].shape.rows) *
                               static_cast<double>(nodes[input].shape.columns) * static_cast<double>(node.shape.rows);
    }
  }
}

}  // namespace shoal
