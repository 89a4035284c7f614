#include "graph/row_pitches.hpp"

#include <algorithm>

namespace shoal {
namespace {

bool can_be_narrow(const Node& node) {
  return node.operation != nullptr && node.shape.per_sample && node.shape.rows > 1 &&
         node.shape.columns <= narrow_pitch;
}

/// What an operation has per sample: its output and such inputs.
std::vector<std::size_t> values_per_sample(const Graph& graph, std::size_t id) {
  const Node& node = graph.nodes()[id];
  std::vector<std::size_t> values;
  if (node.shape.per_sample) values.push_back(id);
  for (const std::size_t input : node.inputs) {
    if (graph.nodes()[input].shape.per_sample) values.push_back(input);
  }
  return values;
}

}  // namespace

std::vector<std::int64_t> row_pitches(const Graph& graph) {
  const std::size_t nodes = graph.nodes().size();
  std::vector<bool> narrow;
  for (const Node& node : graph.nodes()) narrow.push_back(can_be_narrow(node));
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t id = 0; id < nodes; ++id) {
      const Operation* operation = graph.nodes()[id].operation.get();
      if (operation == nullptr || operation->narrow_rows() == NarrowRows::any) continue;
      const std::vector<std::size_t> values = values_per_sample(graph, id);
      const auto is_narrow = [&](std::size_t value) { return narrow[value]; };
      const bool all = std::all_of(values.begin(), values.end(), is_narrow);
      if (all && operation->narrow_rows() == NarrowRows::all_alike) continue;
      changed = changed || std::any_of(values.begin(), values.end(), is_narrow);
      for (const std::size_t value : values) narrow[value] = false;
    }
  }
  std::vector<std::int64_t> pitches;
  for (std::size_t id = 0; id < nodes; ++id) pitches.push_back(narrow[id] ? narrow_pitch : panel_width);
  return pitches;
}

}  // namespace shoal
