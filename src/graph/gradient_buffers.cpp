#include "graph/gradient_buffers.hpp"

#include <algorithm>
#include <cstddef>

#include "graph/row_pitches.hpp"

namespace shoal {
namespace {

/// Phases of the backward pass in which a node's gradient is made and last read.
struct Life {
  bool made = false;
  std::size_t first = 0;
  std::size_t last = 0;
};

std::vector<Life> lives_of(const Graph& graph, const Schedule& backward) {
  std::vector<Life> lives(graph.nodes().size());
  const auto read_by_users = [&](std::size_t value, std::size_t phase) {
    for (const Use& use : uses_of(graph, value)) lives[use.user].last = std::max(lives[use.user].last, phase);
  };
  for (std::size_t p = 0; p < backward.size(); ++p) {
    for (const std::size_t id : backward[p].whole) read_by_users(id, p);
    for (const TaskGroup& group : backward[p].groups) {
      if (group.parameter) read_by_users(group.node, p);
      for (const TileStage& stage : group.stages) {
        Life& life = lives[stage.node];
        life.last = std::max(life.last, p);
        if (stage.kind != TileStage::Kind::pull_gradient) continue;
        if (!life.made) life.first = p;
        life.made = true;
        read_by_users(stage.node, p);
      }
    }
  }
  return lives;
}

}  // namespace

std::vector<int> shared_buffers(const Graph& graph, const Schedule& backward, const std::vector<bool>& wanted) {
  const std::vector<std::int64_t> pitches = row_pitches(graph);
  const std::vector<Life> lives = lives_of(graph, backward);
  std::vector<std::size_t> order;
  for (std::size_t id = 0; id < lives.size(); ++id) {
    if (wanted[id] && lives[id].made && graph.nodes()[id].shape.per_sample) order.push_back(id);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lives[a].first < lives[b].first; });
  struct Used {
    ValueShape shape;
    std::int64_t pitch = panel_width;
    std::size_t until = 0;
  };
  std::vector<Used> buffers;
  std::vector<int> number(lives.size(), -1);
  for (const std::size_t id : order) {
    const ValueShape& shape = graph.nodes()[id].shape;
    auto free = std::find_if(buffers.begin(), buffers.end(), [&](const Used& used) {
      return used.shape == shape && used.pitch == pitches[id] && used.until < lives[id].first;
    });
    if (free == buffers.end()) free = buffers.insert(free, {shape, pitches[id], 0});
    free->until = lives[id].last;
    number[id] = static_cast<int>(free - buffers.begin());
  }
  return number;
}

}  // namespace shoal
