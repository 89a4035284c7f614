#pragma once

#include <map>
#include <tuple>

#include "graph/schedule.hpp"

namespace shoal {

/// The schedules that an executor has needed so far.
struct PassSchedules {
  explicit PassSchedules(const Graph& graph) : graph(graph) {}

  const Schedule& forward(std::size_t until, bool training, bool last) {
    const auto [entry, made] = forward_passes.try_emplace({until, training, last});
    if (made) entry->second = forward_schedule(graph, until, training, last);
    return entry->second;
  }
  const Schedule& backward(std::size_t until, bool training) {
    const auto [entry, made] = backward_passes.try_emplace({until, training});
    if (made) entry->second = backward_schedule(graph, until, training);
    return entry->second;
  }

  const Graph& graph;
  std::map<std::tuple<std::size_t, bool, bool>, Schedule> forward_passes;
  std::map<std::tuple<std::size_t, bool>, Schedule> backward_passes;
};

}  // namespace shoal
