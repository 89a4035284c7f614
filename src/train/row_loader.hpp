#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shoal/data/dataset.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Reads rows of a split by offset from the file and lays them into panels, as a model takes them. Holds scratch
/// memory: one for each thread that loads.
class RowLoader {
 public:
  /// x of the rows, encoded. draw, unseen: see RowEncoder::encode(). @throws Error(bad_data)  for a value that cannot
  /// be
  void features(const Split& split, const RowEncoder& encoder, std::span<const std::int64_t> rows, Panels<float> out,
                const UnseenDraw* draw = nullptr, std::span<std::int64_t> unseen = {});
  /// y of the rows: targets as they are, labels as numbers where `out` has one column, else one-hot.
  void targets(const Split& split, std::span<const std::int64_t> rows, Panels<float> out);

 private:
  std::vector<double> values_;   // row-major
  std::vector<float> features_;  // likewise
  std::vector<float> targets_;
  std::vector<std::int32_t> labels_;
};

}  // namespace shoal
