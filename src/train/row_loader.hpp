#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shoal/data/dataset.hpp"
#include "shoal/data/normalization.hpp"
#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Reads rows of a split by offset from the file and lays them into panels, as a model takes them. Holds scratch
/// memory: one for each thread that loads.
class RowLoader {
 public:
  /// x of the rows, normalised. @throws Error(bad_data)  for a value that is not finite
  void features(const Split& split, const Normalization& normalization, std::span<const std::int64_t> rows,
                Panels<float> out);
  /// y of the rows: targets as they are, labels as numbers where `out` has one column, else one-hot.
  void targets(const Split& split, std::span<const std::int64_t> rows, Panels<float> out);

 private:
  std::vector<float> features_;  // row-major
  std::vector<float> targets_;
  std::vector<std::int32_t> labels_;
};

}  // namespace shoal
