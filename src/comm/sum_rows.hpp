#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "shoal/core/leaf_tree.hpp"

namespace shoal {

/// Adds rows of floats along merges of the tree; the rows are only read, unless told. One per thread.
class RowSums {
 public:
  /// rows: where the row of each slot lies that the plan names, `floats` long; afterwards rows[s] is where its result
  /// lies: in scratch memory, valid until the next call, or where it was. last: if not null, the result of the last
  /// merge goes there; it may be one of the rows.
  void run(std::span<const MergeStep> plan, std::span<const float*> rows, std::size_t floats, float* last = nullptr);

 private:
  std::vector<float> scratch_;
};

}  // namespace shoal
