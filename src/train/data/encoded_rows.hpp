#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shoal/data/dataset.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/graph/operation.hpp"
#include "shoal/tensor/buffer.hpp"
#include "train/data/row_loader.hpp"

namespace shoal {

/// The features of a small split as a model takes them, each row made when it is first asked for. For one thread.
class EncodedRows {
 public:
  /// Whether all rows of the split take little memory, and are in it already: then there is no file to wait for.
  /// shape: of a row in the model
  static bool are_few(const Split& split, const ValueShape& shape);

  EncodedRows(std::int64_t rows, const ValueShape& shape);

  /// As RowLoader::features() without draws.
  void lay(RowLoader& loader, const Split& split, const RowEncoder& encoder, std::span<const std::int64_t> rows,
           Panels<float> out);

 private:
  void make(RowLoader& loader, const Split& split, const RowEncoder& encoder);

  ValueShape shape_;
  std::vector<bool> there_;
  Buffer<float> values_;  // of each row all panels, one after the other
  std::vector<std::int64_t> missing_;
  Buffer<float> made_;
};

}  // namespace shoal
