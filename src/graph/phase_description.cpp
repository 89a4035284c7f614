// Names and work of phases, for profiles.
#include <algorithm>

#include "graph/schedule.hpp"
#include "shoal/graph/graph_cost.hpp"

namespace shoal {
namespace {

/// Whom an operation belongs to: the owner of its first parameter, else what it is.
std::string label(const Graph& graph, std::size_t id) {
  const Node& node = graph.nodes()[id];
  if (node.kind == Node::Kind::parameter) return graph.parameters()[node.parameter].name;
  if (node.operation == nullptr) return node.name;
  for (std::size_t input : node.inputs) {
    if (graph.nodes()[input].kind != Node::Kind::parameter) continue;
    const std::string& name = graph.parameters()[graph.nodes()[input].parameter].name;
    return name.substr(0, name.find('/'));
  }
  return std::string(node.operation->name());
}

double product_flops(const Graph& graph, std::size_t id, std::size_t input) {
  return 2.0 * product_of(graph, id, input);
}

double product_flops_of_inputs(const Graph& graph, std::size_t id) {
  double flops = 0.0;
  for (std::size_t i = 0; i < graph.nodes()[id].inputs.size(); ++i) flops += product_flops(graph, id, i);
  return flops;
}

/// Of the gradient of a parameter: as many as in the products that use it.
double gradient_flops(const Graph& graph, std::size_t parameter) {
  double flops = 0.0;
  for (const Use& use : uses_of(graph, parameter)) flops += product_flops(graph, use.user, use.input);
  return flops;
}

double flops_of(const Graph& graph, const TileStage& stage) {
  if (stage.kind == TileStage::Kind::forward) return product_flops_of_inputs(graph, stage.node);
  if (stage.kind == TileStage::Kind::statistics) return 0.0;
  double flops = 0.0;
  for (const Use& use : uses_of(graph, stage.node)) flops += product_flops_of_inputs(graph, use.user);
  return flops;
}

}  // namespace

void describe(const Graph& graph, Pass pass, Phase& phase) {
  std::vector<std::string> names;
  const auto add = [&](std::string name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  };
  phase.flops_per_sample = 0.0;
  for (std::size_t id : phase.whole) add(label(graph, id));
  for (const TaskGroup& group : phase.groups) {
    if (group.parameter) {
      add(label(graph, group.node));
      phase.flops_per_sample += gradient_flops(graph, group.node);
    }
    for (const TileStage& stage : group.stages) {
      add(label(graph, stage.node));
      phase.flops_per_sample += flops_of(graph, stage);
    }
  }
  phase.name = pass == Pass::forward ? "forward" : "backward";
  for (const std::string& name : names) phase.name += ' ' + name;
}

}  // namespace shoal
