#pragma once

#include <cstdint>
#include <vector>

#include "graph/schedule.hpp"

namespace shoal {

/// Rows of images that go through a chain at a time, about, and of a piece of a leaf, but no fewer than one image has:
/// a tile of them and what makes it stay in the second-level cache.
inline constexpr std::int64_t chain_rows = 1024;

/// Samples in a piece of a leaf; 0: pieces are leaves, of a graph without images.
std::int64_t samples_of_piece(const Graph& graph);

/// Which values, or gradients, live from one stage of a chain to another of the same chain alone: nothing else reads
/// them, so a tile of each that stays in the cache is all there is of them.
struct ChainValues {
  static constexpr int kept = -1;  ///< in a buffer of all samples

  std::vector<int> tile;  ///< by node: kept, or the number of its tile among those of its chain
  int tiles = 0;          ///< that a chain needs at a time

  bool keeps(std::size_t node) const { return tile.empty() || tile[node] == kept; }
};

/// Values of forward passes, for training and testing alike: what a chain of both passes on.
ChainValues chain_values(const Graph& graph);
/// Gradients of one backward pass.
ChainValues chain_gradients(const Graph& graph, const Schedule& backward);

}  // namespace shoal
