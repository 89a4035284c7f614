// Names and work of phases, for profiles.
#include <fmt/format.h>

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

/// The products of a stage: their work, and whose they are.
void describe_products(const Graph& graph, TileStage& stage) {
  stage.product.clear();
  stage.flops_per_sample = 0.0;
  const auto add = [&](std::size_t node) {
    const double flops = product_flops_of_inputs(graph, node);
    if (flops == 0.0) return;
    stage.flops_per_sample += flops;
    stage.product += (stage.product.empty() ? "" : " + ") + label(graph, node);
  };
  if (stage.kind == TileStage::Kind::forward) {
    add(stage.node);
  } else if (stage.kind == TileStage::Kind::pull_gradient) {
    for (const Use& use : uses_of(graph, stage.node)) add(use.user);
  }
  if (!stage.product.empty())
    stage.product += stage.kind == TileStage::Kind::forward ? ", forward" : ", gradient of the input";
}

void describe_products(const Graph& graph, TaskGroup& group) {
  group.flops_per_sample = gradient_flops(graph, group.node);
  const std::string parameter = label(graph, group.node);
  group.product = group.flops_per_sample > 0.0
                      ? fmt::format("{}, gradient of the {}", parameter.substr(0, parameter.find('/')),
                                    parameter.substr(parameter.find('/') + 1))
                      : "";
}

}  // namespace

void describe(const Graph& graph, Pass pass, Phase& phase) {
  std::vector<std::string> names;
  const auto add = [&](std::string name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  };
  phase.flops_per_sample = 0.0;
  for (std::size_t id : phase.whole) add(label(graph, id));
  for (TaskGroup& group : phase.groups) {
    if (group.parameter) {
      add(label(graph, group.node));
      describe_products(graph, group);
      phase.flops_per_sample += group.flops_per_sample;
    }
    for (TileStage& stage : group.stages) {
      add(label(graph, stage.node));
      describe_products(graph, stage);
      phase.flops_per_sample += stage.flops_per_sample;
    }
  }
  phase.name = pass == Pass::forward ? "forward" : "backward";
  for (const std::string& name : names) phase.name += ' ' + name;
}

}  // namespace shoal
