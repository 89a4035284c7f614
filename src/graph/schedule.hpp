#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/graph/graph.hpp"
#include "shoal/graph/node_facts.hpp"

namespace shoal {

/// What is done to one tile (rows, 32) of a node, or to one leaf of it.
struct TileStage {
  enum class Kind { forward, statistics, pull_gradient };
  Kind kind = Kind::forward;
  std::size_t node = 0;
  std::string product = {};  ///< what a profile calls its products with parameters; empty: there are none
  double flops_per_sample = 0.0;
};

/// Tasks that run side by side: tiles, on each of which a chain of stages runs while it is in cache; or the tiles of
/// one parameter's gradient.
struct TaskGroup {
  std::vector<TileStage> stages;
  std::int64_t panels = 1;  ///< of a parameter: tiles
  bool parameter = false;   ///< the gradient of parameter node `node`
  std::size_t node = 0;
  std::string product = {};  ///< of a parameter, as in TileStage
  double flops_per_sample = 0.0;
};

/// A stretch of a pass without a point where all threads meet, and what the calling thread does before and after it.
struct Phase {
  std::vector<std::size_t> whole;  ///< nodes that the calling thread works on by itself, first
  std::vector<std::size_t> ready;  ///< operations that take their running statistics, before the tasks
  std::vector<TaskGroup> groups;
  std::vector<std::size_t> synchronize;  ///< operations whose statistics are complete after the tasks
  std::vector<std::size_t> parameters;   ///< parameter nodes whose gradient is complete after the tasks
  std::string name;                      ///< what it does, for profiles
  double flops_per_sample = 0.0;         ///< in products with parameters
};

using Schedule = std::vector<Phase>;

/// Sets names and flops_per_sample: the nodes whose values (forward) or whose gradients (backward) are made.
void describe(const Graph& graph, Pass pass, Phase& phase);

/// The forward pass up to `until`. Each operation runs as early as what it reads allows; an operation that works tile
/// by tile joins the chain that makes its input.
/// @param last  whether `until` itself is computed too
Schedule forward_schedule(const Graph& graph, std::size_t until, bool training, bool last);

/// The backward pass from `until`, in reverse order of nodes, likewise.
Schedule backward_schedule(const Graph& graph, std::size_t until, bool training);

/// A use of a value: input `input` of operation `user`.
struct Use {
  std::size_t user = 0;
  std::size_t input = 0;
};

/// Facts of the graph that schedules and executor both need.
/// The uses of a value, in their order.
std::vector<Use> uses_of(const Graph& graph, std::size_t value);
/// Rows of a parameter whose gradient one task makes, in one panel.
std::int64_t gradient_rows(const Graph& graph, std::size_t parameter);

}  // namespace shoal
