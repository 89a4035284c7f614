#include "graph/chain_values.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "graph/schedule.hpp"

namespace shoal {
namespace {

using Chain = std::pair<std::size_t, std::size_t>;  // phase, group

/// The chains in which stages of one kind of each node are.
std::map<std::size_t, Chain> chains_of(const Schedule& schedule, TileStage::Kind kind) {
  std::map<std::size_t, Chain> chains;
  for (std::size_t p = 0; p < schedule.size(); ++p) {
    for (std::size_t g = 0; g < schedule[p].groups.size(); ++g) {
      for (const TileStage& stage : schedule[p].groups[g].stages) {
        if (stage.kind == kind) chains[stage.node] = {p, g};
      }
    }
  }
  return chains;
}

bool in_chain(const std::map<std::size_t, Chain>& stages, std::size_t node, const Chain& chain) {
  const auto found = stages.find(node);
  return found != stages.end() && found->second == chain;
}

bool is_of_samples(const Node& node) { return node.operation != nullptr && node.shape.per_sample; }

/// Calls f(user, input number) for each use of a value.
template <class F>
void each_use(const Graph& graph, std::size_t id, F f) {
  for (std::size_t user = id + 1; user < graph.nodes().size(); ++user) {
    const Node& node = graph.nodes()[user];
    for (std::size_t i = 0; i < node.inputs.size(); ++i) {
      if (node.inputs[i] == id) f(user, i);
    }
  }
}

/// Whether the forward pass reads the value in the chain that makes it alone.
bool passes_in_chain(const Graph& graph, std::size_t id, const Schedule& schedule) {
  const auto made = chains_of(schedule, TileStage::Kind::forward);
  const auto statistics = chains_of(schedule, TileStage::Kind::statistics);
  const auto own = made.find(id);
  if (own == made.end()) return false;
  bool any = false;
  bool all = true;
  each_use(graph, id, [&](std::size_t user, std::size_t) {
    any = true;
    all = all && in_chain(made, user, own->second) &&
          (!statistics.contains(user) || in_chain(statistics, user, own->second));
  });
  return any && all;
}

bool backward_pass_reads(const Graph& graph, std::size_t id) {
  const Node& node = graph.nodes()[id];
  bool read = node.needs_gradient && node.operation->backward_reads_output();
  each_use(graph, id, [&](std::size_t user, std::size_t i) {
    read = read || (graph.nodes()[user].needs_gradient && graph.nodes()[user].operation->backward_reads(i));
  });
  return read;
}

/// Whether the backward pass reads the gradient in the chain that makes it alone.
bool gradient_passes_in_chain(const Graph& graph, std::size_t id, const Schedule& schedule) {
  const auto made = chains_of(schedule, TileStage::Kind::pull_gradient);
  const auto statistics = chains_of(schedule, TileStage::Kind::statistics);
  const auto own = made.find(id);
  if (own == made.end()) return false;
  if (statistics.contains(id) && !in_chain(statistics, id, own->second)) return false;
  const auto& inputs = graph.nodes()[id].inputs;
  return std::all_of(inputs.begin(), inputs.end(), [&](std::size_t input) {
    return !graph.nodes()[input].needs_gradient || in_chain(made, input, own->second);
  });
}

}  // namespace

int ChainValues::tiles() const {
  int most = kept;
  for (const std::vector<int>* numbers : {&value, &gradient}) {
    for (const int number : *numbers) most = std::max(most, number);
  }
  return most + 1;
}

ChainValues chain_values(const Graph& graph) {
  const std::size_t nodes = graph.nodes().size();
  ChainValues found{std::vector<int>(nodes, ChainValues::kept), std::vector<int>(nodes, ChainValues::kept)};
  if (nodes == 0) return found;
  const Schedule training = forward_schedule(graph, nodes - 1, true, true);
  const Schedule testing = forward_schedule(graph, nodes - 1, false, true);
  const auto trained = chains_of(training, TileStage::Kind::forward);
  const auto tested = chains_of(testing, TileStage::Kind::forward);
  // A chain of training may be parts of two of testing, and the other way round: a number is free in both.
  std::map<Chain, int> training_tiles;
  std::map<Chain, int> testing_tiles;
  for (std::size_t id = 0; id < nodes; ++id) {
    const Node& node = graph.nodes()[id];
    if (!is_of_samples(node) || node.operation->whole_rows() || backward_pass_reads(graph, id) ||
        !passes_in_chain(graph, id, training) || !passes_in_chain(graph, id, testing))
      continue;
    int& in_training = training_tiles[trained.at(id)];
    int& in_testing = testing_tiles[tested.at(id)];
    found.value[id] = std::max(in_training, in_testing);
    in_training = in_testing = found.value[id] + 1;
  }
  return found;
}

std::vector<int> passing_gradients(const Graph& graph, const Schedule& backward) {
  std::vector<int> found(graph.nodes().size(), ChainValues::kept);
  const auto pulled = chains_of(backward, TileStage::Kind::pull_gradient);
  std::map<Chain, int> tiles;
  for (std::size_t id = 0; id < found.size(); ++id) {
    const Node& node = graph.nodes()[id];
    if (is_of_samples(node) && node.needs_gradient && gradient_passes_in_chain(graph, id, backward))
      found[id] = tiles[pulled.at(id)]++;
  }
  return found;
}

}  // namespace shoal
