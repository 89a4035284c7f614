#include "graph/chain_values.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "graph/schedule.hpp"

namespace shoal {
namespace {

using Chain = std::pair<std::size_t, std::size_t>;  // phase, group

/// The chains in which the stages of each node are.
struct Stages {
  std::map<std::size_t, Chain> made;  ///< its value, or its gradient
  std::map<std::size_t, Chain> statistics;

  explicit Stages(const Schedule& schedule) {
    for (std::size_t p = 0; p < schedule.size(); ++p) {
      for (std::size_t g = 0; g < schedule[p].groups.size(); ++g) {
        for (const TileStage& stage : schedule[p].groups[g].stages)
          (stage.kind == TileStage::Kind::statistics ? statistics : made)[stage.node] = {p, g};
      }
    }
  }

  /// Whether what a node makes is made in that chain, and its statistics, if it has any.
  bool in_chain(std::size_t node, const Chain& chain) const {
    const auto found = made.find(node);
    return found != made.end() && found->second == chain && has_statistics_in(node, chain);
  }
  bool has_statistics_in(std::size_t node, const Chain& chain) const {
    const auto found = statistics.find(node);
    return found == statistics.end() || found->second == chain;
  }
};

bool is_of_samples(const Node& node) { return node.operation != nullptr && node.shape.per_sample; }

/// Whether the forward pass reads the value in the chain that makes it alone.
bool passes_in_chain(const std::vector<Use>& uses, std::size_t id, const Stages& stages) {
  const auto own = stages.made.find(id);
  return own != stages.made.end() && !uses.empty() &&
         std::all_of(uses.begin(), uses.end(), [&](const Use& use) { return stages.in_chain(use.user, own->second); });
}

bool backward_pass_reads(const Graph& graph, std::size_t id, const std::vector<Use>& uses) {
  const Node& node = graph.nodes()[id];
  return (node.needs_gradient && node.operation->backward_reads_output()) ||
         std::any_of(uses.begin(), uses.end(), [&](const Use& use) {
           const Node& user = graph.nodes()[use.user];
           return user.needs_gradient && user.operation->backward_reads(use.input);
         });
}

/// Whether the backward pass reads the gradient in the chain that makes it alone.
bool gradient_passes_in_chain(const Graph& graph, std::size_t id, const Stages& stages) {
  const auto own = stages.made.find(id);
  if (own == stages.made.end() || !stages.has_statistics_in(id, own->second)) return false;
  const auto& inputs = graph.nodes()[id].inputs;
  return std::all_of(inputs.begin(), inputs.end(), [&](std::size_t input) {
    const auto made = stages.made.find(input);
    return !graph.nodes()[input].needs_gradient || (made != stages.made.end() && made->second == own->second);
  });
}

}  // namespace

std::int64_t samples_of_piece(const Graph& graph) {
  std::int64_t most = 1;
  for (const Node& node : graph.nodes()) {
    if (node.shape.per_sample) most = std::max(most, node.shape.rows);
  }
  return most == 1 ? 0 : std::max<std::int64_t>(1, chain_rows / most);
}

ChainValues chain_values(const Graph& graph) {
  const std::size_t nodes = graph.nodes().size();
  ChainValues found{std::vector<int>(nodes, ChainValues::kept), 0};
  if (nodes == 0) return found;
  const Stages training(forward_schedule(graph, nodes - 1, true, true));
  const Stages testing(forward_schedule(graph, nodes - 1, false, true));
  // A chain of training may be parts of two of testing, and the other way round: a number is free in both.
  std::map<Chain, int> training_tiles;
  std::map<Chain, int> testing_tiles;
  for (std::size_t id = 0; id < nodes; ++id) {
    const Node& node = graph.nodes()[id];
    if (!is_of_samples(node) || node.operation->whole_rows()) continue;
    const std::vector<Use> uses = uses_of(graph, id);
    if (backward_pass_reads(graph, id, uses) || !passes_in_chain(uses, id, training) ||
        !passes_in_chain(uses, id, testing))
      continue;
    int& in_training = training_tiles[training.made.at(id)];
    int& in_testing = testing_tiles[testing.made.at(id)];
    found.tile[id] = std::max(in_training, in_testing);
    in_training = in_testing = found.tile[id] + 1;
    found.tiles = std::max(found.tiles, in_training);
  }
  return found;
}

ChainValues chain_gradients(const Graph& graph, const Schedule& backward) {
  ChainValues found{std::vector<int>(graph.nodes().size(), ChainValues::kept), 0};
  const Stages stages(backward);
  std::map<Chain, int> tiles;
  for (std::size_t id = 0; id < found.tile.size(); ++id) {
    const Node& node = graph.nodes()[id];
    if (!is_of_samples(node) || !node.needs_gradient || !gradient_passes_in_chain(graph, id, stages)) continue;
    found.tile[id] = tiles[stages.made.at(id)]++;
    found.tiles = std::max(found.tiles, found.tile[id] + 1);
  }
  return found;
}

}  // namespace shoal
