#pragma once

#include <algorithm>
#include <cstdint>

#include "shoal/core/leaf_tree.hpp"

namespace shoal {

/// How the steps of a run take the rows of a split: epochs, batches, and the share of a rank. Steps and epochs count
/// from 1.
struct BatchCut {
  std::int64_t rows = 0;
  std::int64_t batch_size = 1;
  std::int64_t leaves = 1;  ///< V
  std::int64_t leaf_samples = 1;
  int ranks = 1;
  int rank = 0;

  std::int64_t steps_per_epoch() const { return (rows + batch_size - 1) / batch_size; }
  std::int64_t epoch(std::int64_t step) const { return (step - 1) / steps_per_epoch() + 1; }
  /// Position in the epoch of the first sample of a step's batch.
  std::int64_t first(std::int64_t step) const { return (step - 1) % steps_per_epoch() * batch_size; }
  std::int64_t largest_batch() const { return std::min(batch_size, rows); }
  LeafShare share(std::int64_t samples) const { return {LeafCut{samples, leaf_samples}, leaves, ranks, rank}; }
};

}  // namespace shoal
