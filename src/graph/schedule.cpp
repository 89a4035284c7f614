#include "graph/schedule.hpp"

#include <algorithm>
#include <utility>

namespace shoal {
namespace {

/// Lays groups of tasks into phases: each as early as possible, or at the end of the chain that it continues.
class Planner {
 public:
  explicit Planner(const Graph& graph) : graph_(graph), done_(graph.nodes().size()) {}

  /// Where a result becomes usable: by anything from phase `phase` on, or by the chain `group` of the phase before.
  struct Place {
    std::size_t phase = 0;
    std::size_t group = none;
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  Place& done(std::size_t node) { return done_[node]; }

  Phase& phase(std::size_t index) {
    if (schedule_.size() <= index) schedule_.resize(index + 1);
    return schedule_[index];
  }

  std::size_t earliest(const std::vector<std::size_t>& needed) const {
    std::size_t first = 0;
    for (std::size_t node : needed) first = std::max(first, done_[node].phase);
    return first;
  }

  /// The chain that a stage on these nodes' tiles can continue: one that makes the latest of them, and into which the
  /// others are complete.
  Place chain(const std::vector<std::size_t>& needed, std::int64_t panels) {
    const std::size_t first = earliest(needed);
    Place found;
    for (std::size_t node : needed) {
      const Place& place = done_[node];
      if (place.phase < first) continue;
      if (place.group == none || (found.group != none && found.group != place.group)) return {};
      found = place;
    }
    if (found.group == none || phase(first - 1).groups[found.group].panels != panels) return {};
    return found;
  }

  /// Adds a stage to the chain if there is one, else as a new group; returns where the result is usable.
  Place add(const TileStage& stage, Place chain, const std::vector<std::size_t>& needed, std::int64_t panels) {
    if (chain.group == none) {
      chain.phase = earliest(needed) + 1;
      chain.group = phase(chain.phase - 1).groups.size();
      phase(chain.phase - 1).groups.push_back({{}, panels, false, 0});
    }
    phase(chain.phase - 1).groups[chain.group].stages.push_back(stage);
    return chain;
  }

  const Graph& graph() const { return graph_; }
  Schedule take(Pass pass) {
    for (Phase& phase : schedule_) describe(graph_, pass, phase);
    return std::move(schedule_);
  }

 private:
  const Graph& graph_;
  Schedule schedule_;
  std::vector<Place> done_;
};

void plan_forward(Planner& plan, std::size_t id, bool training) {
  const Node& node = plan.graph().nodes()[id];
  const Operation& operation = *node.operation;
  const auto shapes = input_shapes(plan.graph(), node);
  if (!works_per_sample(plan.graph(), node)) {
    const std::size_t at = plan.earliest(node.inputs);
    plan.phase(at).whole.push_back(id);
    plan.done(id) = {at + 1, Planner::none};
    return;
  }
  const bool has_statistics = operation.statistics(Pass::forward, training, shapes).width > 0;
  if (has_statistics) {
    // What the statistics are made into may need the other inputs as well.
    const std::vector<std::size_t>& needed = node.inputs;
    const std::int64_t panels = panels_of(shapes[0].columns);
    const auto chain = operation.tilewise() ? plan.chain(needed, panels) : Planner::Place{};
    const auto place = plan.add({TileStage::Kind::statistics, id}, chain, needed, panels);
    plan.phase(place.phase - 1).synchronize.push_back(id);
    plan.done(id) = {place.phase, Planner::none};
  }
  if (!node.shape.per_sample) return;
  std::vector<std::size_t> needed = node.inputs;
  if (has_statistics) needed.push_back(id);
  const std::int64_t panels = operation.whole_rows() ? 1 : panels_of(node.shape.columns);
  const auto chain = operation.tilewise() ? plan.chain(needed, panels) : Planner::Place{};
  plan.done(id) = plan.add({TileStage::Kind::forward, id}, chain, needed, panels);
  if (!has_statistics && node.state_size > 0) plan.phase(plan.done(id).phase - 1).ready.push_back(id);
  if (operation.whole_rows()) plan.done(id).group = Planner::none;
}

/// Nodes that use the value `id` and whose gradient it needs.
std::vector<std::size_t> users_of(const Graph& graph, std::size_t id, const std::vector<bool>& below) {
  std::vector<std::size_t> users;
  for (const Use& use : uses_of(graph, id)) {
    if (!below[use.user] || !graph.nodes()[use.user].operation->differentiable(use.input)) continue;
    if (users.empty() || users.back() != use.user) users.push_back(use.user);
  }
  return users;
}

void plan_backward(Planner& plan, std::size_t id, bool training, const std::vector<std::size_t>& users) {
  const Graph& graph = plan.graph();
  const Node& node = graph.nodes()[id];
  const auto whole_use = [&](std::size_t user) { return !works_per_sample(graph, graph.nodes()[user]); };
  if (node.kind == Node::Kind::parameter) {
    std::size_t at = plan.earliest(users);
    if (std::any_of(users.begin(), users.end(), whole_use)) {
      plan.phase(at).whole.push_back(id);  // the calling thread's part comes before the tasks of its phase
    }
    const std::int64_t each = gradient_rows(graph, id);
    const std::int64_t tiles = (node.shape.rows + each - 1) / each * panels_of(node.shape.columns);
    plan.phase(at).groups.push_back({{}, tiles, true, id});
    plan.phase(at).parameters.push_back(id);
    return;
  }
  if (!node.shape.per_sample) {
    const std::size_t at = plan.earliest(users);
    plan.phase(at).whole.push_back(id);
    plan.done(id) = {at + 1, Planner::none};
  } else {
    const std::int64_t panels = panels_of(node.shape.columns);
    const bool all_tilewise = std::all_of(users.begin(), users.end(),
                                          [&](std::size_t user) { return graph.nodes()[user].operation->tilewise(); });
    const auto chain = all_tilewise ? plan.chain(users, panels) : Planner::Place{};
    plan.done(id) = plan.add({TileStage::Kind::pull_gradient, id}, chain, users, panels);
  }
  const StatisticsPlan statistics = node.operation->statistics(Pass::backward, training, input_shapes(graph, node));
  if (statistics.width == 0) return;
  const std::vector<std::size_t> needed = {id};
  const std::int64_t panels = panels_of(node.shape.columns);
  const auto chain = node.operation->tilewise() ? plan.chain(needed, panels) : Planner::Place{};
  const auto place = plan.add({TileStage::Kind::statistics, id}, chain, needed, panels);
  plan.phase(place.phase - 1).synchronize.push_back(id);
  plan.done(id) = {place.phase, Planner::none};
}

}  // namespace

bool works_per_sample(const Graph& graph, const Node& node) {
  return std::any_of(node.inputs.begin(), node.inputs.end(),
                     [&](std::size_t input) { return graph.nodes()[input].shape.per_sample; });
}

std::vector<Use> uses_of(const Graph& graph, std::size_t value) {
  std::vector<Use> uses;
  for (std::size_t user = value + 1; user < graph.nodes().size(); ++user) {
    const std::vector<std::size_t>& inputs = graph.nodes()[user].inputs;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i] == value) uses.push_back({user, i});
    }
  }
  return uses;
}

/// As the one operation that uses it wants them.
std::int64_t gradient_rows(const Graph& graph, std::size_t parameter) {
  const std::vector<Use> uses = uses_of(graph, parameter);
  return uses.size() == 1 ? graph.nodes()[uses[0].user].operation->gradient_rows(uses[0].input) : panel_width;
}

std::vector<ValueShape> input_shapes(const Graph& graph, const Node& node) {
  std::vector<ValueShape> shapes;
  for (std::size_t input : node.inputs) shapes.push_back(graph.nodes()[input].shape);
  return shapes;
}

std::vector<bool> nodes_below(const Graph& graph, std::size_t until) {
  std::vector<bool> below(graph.nodes().size(), false);
  below[until] = true;
  for (std::size_t id = until + 1; id-- > 0;) {
    if (!below[id]) continue;
    for (std::size_t input : graph.nodes()[id].inputs) below[input] = true;
  }
  return below;
}

Schedule forward_schedule(const Graph& graph, std::size_t until, bool training, bool last) {
  Planner plan(graph);
  const std::vector<bool> below = nodes_below(graph, until);
  for (std::size_t id = 0; id < until + (last ? 1 : 0); ++id) {
    if (below[id] && graph.nodes()[id].kind == Node::Kind::operation) plan_forward(plan, id, training);
  }
  return plan.take(Pass::forward);
}

Schedule backward_schedule(const Graph& graph, std::size_t until, bool training) {
  Planner plan(graph);
  const std::vector<bool> below = nodes_below(graph, until);
  for (std::size_t id = until; id-- > 0;) {
    if (below[id] && graph.nodes()[id].needs_gradient) plan_backward(plan, id, training, users_of(graph, id, below));
  }
  return plan.take(Pass::backward);
}

}  // namespace shoal
