#include "shoal/graph/graph_cost.hpp"

#include <set>

#include "graph/chain_values.hpp"
#include "graph/gradient_buffers.hpp"
#include "graph/row_pitches.hpp"

namespace shoal {
namespace {

double elements(const ValueShape& shape, std::int64_t pitch) {
  return static_cast<double>(shape.rows) * static_cast<double>(panels_of(shape.columns) * pitch);
}

std::vector<std::int64_t> pitches_of(const Graph& graph, bool images) {
  return images ? row_pitches(graph) : std::vector<std::int64_t>(graph.nodes().size(), panel_width);
}

/// Of a sample: those of images share buffers.
double gradient_elements(const Graph& graph, bool images) {
  const auto nodes = graph.nodes();
  const Schedule backward = images ? backward_schedule(graph, nodes.size() - 1, true) : Schedule();
  const ChainValues passing = images ? chain_gradients(graph, backward) : ChainValues();
  std::vector<bool> wanted;
  for (std::size_t id = 0; id < nodes.size(); ++id)
    wanted.push_back(nodes[id].needs_gradient && nodes[id].shape.per_sample && passing.keeps(id));
  std::vector<int> number(nodes.size(), -1);
  if (images) number = shared_buffers(graph, backward, wanted);
  const std::vector<std::int64_t> pitches = pitches_of(graph, images);
  std::set<int> counted;
  double sum = 0.0;
  for (std::size_t id = 0; id < nodes.size(); ++id) {
    if (wanted[id] && (!images || (number[id] >= 0 && counted.insert(number[id]).second)))
      sum += elements(nodes[id].shape, pitches[id]);
  }
  return sum;
}

}  // namespace

double product_of(const Graph& graph, std::size_t id, std::size_t input) {
  const Node& user = graph.nodes()[id];
  if (user.operation == nullptr || !user.operation->multiplies(input)) return 0.0;
  const ValueShape& matrix = graph.nodes()[user.inputs[input]].shape;
  return static_cast<double>(matrix.rows) * static_cast<double>(matrix.columns) *
         static_cast<double>(user.shape.per_sample ? user.shape.rows : 1);
}

double multiply_adds(const Graph& graph) {
  double sum = 0.0;
  for (std::size_t id = 0; id < graph.nodes().size(); ++id) {
    for (std::size_t i = 0; i < graph.nodes()[id].inputs.size(); ++i) sum += product_of(graph, id, i);
  }
  return sum;
}

double kept_elements(const Graph& graph, bool backward) {
  const bool images = samples_of_piece(graph) > 0;
  const ChainValues passing = images ? chain_values(graph) : ChainValues();
  const std::vector<std::int64_t> pitches = pitches_of(graph, images);
  // Buffers for gradients of images are made by the first backward pass.
  double sum = backward || !images ? gradient_elements(graph, images) : 0.0;
  for (std::size_t id = 0; id < graph.nodes().size(); ++id) {
    const Node& node = graph.nodes()[id];
    if (node.shape.per_sample && passing.keeps(id)) sum += elements(node.shape, pitches[id]);
    if (node.operation == nullptr) continue;
    const ValueShape auxiliary = node.operation->auxiliary(input_shapes(graph, node));
    if (auxiliary.per_sample) sum += elements(auxiliary, pitches[id]);
    // What grows with the samples does so by panels of them.
    sum += static_cast<double>(node.operation->derived_size(input_shapes(graph, node), panel_width)) / panel_width;
  }
  return sum;
}

}  // namespace shoal
