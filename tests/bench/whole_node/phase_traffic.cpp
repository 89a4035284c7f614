#include "phase_traffic.hpp"

#include <set>
#include <utility>

#include "graph/schedule.hpp"

namespace shoal {
namespace {

/// The matrices of one phase.
class Touched {
 public:
  Touched(const Graph& graph, std::int64_t batch) : graph_(graph), batch_(batch) {}

  void value(std::size_t node) { add(node, 0, graph_.nodes()[node].shape); }
  void gradient(std::size_t node) { add(node, 1, graph_.nodes()[node].shape); }
  void kept(std::size_t node) {
    add(node, 2, graph_.nodes()[node].operation->auxiliary(input_shapes(graph_, graph_.nodes()[node])));
  }
  double bytes() const { return bytes_; }

 private:
  void add(std::size_t node, int kind, const ValueShape& shape) {
    if (!seen_.emplace(node, kind).second) return;
    const std::int64_t rows = shape.per_sample ? batch_ * shape.rows : shape.rows;
    bytes_ += static_cast<double>(padded_size(rows, shape.columns)) * sizeof(float);
  }

  const Graph& graph_;
  std::int64_t batch_;
  std::set<std::pair<std::size_t, int>> seen_;
  double bytes_ = 0.0;
};

/// What the derivatives by input `input` of operation `user` are made of.
void touch_use(const Graph& graph, const Use& use, Touched& touched) {
  const Node& user = graph.nodes()[use.user];
  touched.gradient(use.user);
  touched.kept(use.user);
  if (user.operation->backward_reads_output()) touched.value(use.user);
  for (std::size_t i = 0; i < user.inputs.size(); ++i) {
    if (i != use.input && user.operation->backward_reads(i)) touched.value(user.inputs[i]);
  }
}

void touch_stage(const Graph& graph, Pass pass, const TileStage& stage, Touched& touched) {
  const Node& node = graph.nodes()[stage.node];
  switch (stage.kind) {
    case TileStage::Kind::forward:
      for (const std::size_t input : node.inputs) touched.value(input);
      touched.value(stage.node);
      touched.kept(stage.node);
      break;
    case TileStage::Kind::statistics:
      touched.value(node.inputs[0]);
      if (pass == Pass::backward) touched.gradient(stage.node);
      break;
    case TileStage::Kind::pull_gradient:
      touched.gradient(stage.node);
      for (const Use& use : uses_of(graph, stage.node)) touch_use(graph, use, touched);
      break;
  }
}

PhaseTraffic traffic_of(const Graph& graph, Pass pass, const Phase& phase, const LeafCut& cut) {
  Touched touched(graph, cut.samples);
  for (const TaskGroup& group : phase.groups) {
    for (const TileStage& stage : group.stages) touch_stage(graph, pass, stage, touched);
    if (!group.parameter) continue;
    touched.gradient(group.node);
    for (const Use& use : uses_of(graph, group.node)) touch_use(graph, use, touched);
  }
  PhaseTraffic traffic{.matrices = touched.bytes()};
  for (const std::size_t id : phase.synchronize) {
    const Node& node = graph.nodes()[id];
    const StatisticsPlan plan = node.operation->statistics(pass, true, input_shapes(graph, node));
    traffic.statistics += static_cast<double>(cut.leaves() * plan.width) * sizeof(double);
  }
  return traffic;
}

}  // namespace

std::map<std::string, PhaseTraffic> traffic_of_phases(const Model& model, const LeafCut& cut) {
  const Graph& graph = model.graph();
  const std::size_t until = model.loss().id();
  std::map<std::string, PhaseTraffic> traffic;
  for (const Phase& phase : forward_schedule(graph, until, true, true))
    traffic[phase.name] = traffic_of(graph, Pass::forward, phase, cut);
  for (const Phase& phase : backward_schedule(graph, until, true))
    traffic[phase.name] = traffic_of(graph, Pass::backward, phase, cut);
  return traffic;
}

}  // namespace shoal
