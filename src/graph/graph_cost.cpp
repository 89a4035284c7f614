#include "shoal/graph/graph_cost.hpp"

namespace shoal {

double product_of(const Graph& graph, std::size_t id, std::size_t input) {
  const Node& node = graph.nodes()[input];
  const Node& user = graph.nodes()[id];
  if (node.kind != Node::Kind::parameter || graph.parameters()[node.parameter].declared.size() == 1) return 0.0;
  if (user.operation != nullptr && user.operation->name() == "embedding") return 0.0;  // it looks rows up
  const ValueShape& made = user.shape;
  return static_cast<double>(node.shape.rows) * static_cast<double>(node.shape.columns) *
         static_cast<double>(made.per_sample ? made.rows : 1);
}

double multiply_adds(const Graph& graph) {
  double sum = 0.0;
  for (std::size_t id = 0; id < graph.nodes().size(); ++id) {
    for (const std::size_t input : graph.nodes()[id].inputs) sum += product_of(graph, id, input);
  }
  return sum;
}

}  // namespace shoal
