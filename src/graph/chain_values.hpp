#pragma once

#include <cstdint>
#include <vector>

#include "graph/schedule.hpp"

namespace shoal {

/// Rows of images that go through a chain at a time, about, and of a piece of a leaf, but no fewer than one image has:
/// a tile of them and what makes it stay in the second-level cache.
inline constexpr std::int64_t chain_rows = 1024;

/// Which values, and which gradients, live from one stage of a chain to another of the same chain alone: nothing else
/// reads them, so a tile of each that stays in the cache is all there is of them.
struct ChainValues {
  static constexpr int kept = -1;  ///< in a buffer of all samples

  std::vector<int> value;     ///< by node: kept, or the number of its tile among those of its chain
  std::vector<int> gradient;  ///< likewise

  /// Tiles that a chain needs at a time.
  int tiles() const;
};

/// Of forward passes, for training and testing alike: what a chain of both passes on. All gradients are kept.
ChainValues chain_values(const Graph& graph);
/// Gradients of one backward pass, by node.
std::vector<int> passing_gradients(const Graph& graph, const Schedule& backward);

}  // namespace shoal
