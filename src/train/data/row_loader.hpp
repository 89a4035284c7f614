#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "shoal/data/augmentation.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/row_encoder.hpp"
#include "shoal/graph/operation.hpp"
#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Reads rows of a split by offset from the file and lays them into panels, as a model takes them. Holds scratch
/// memory: one for each thread that loads.
class RowLoader {
 public:
  /// What training alone does to the rows that it reads; a function of its step and a row of the data set.
  struct Draws {
    UnseenDraw unseen;
    std::optional<Augmentation> images;  ///< none: they stay as they are
  };

  /// A column of a split whose values are others than those in the file.
  struct ReplacedColumn {
    std::int64_t column = -1;
    std::span<const double> values = {};  ///< one for each row of the split; outlives the loading
  };
  /// From here on.
  void replace_column(const ReplacedColumn& replaced) { replaced_ = replaced; }

  /// x of the rows, encoded; images (channels, height, width) as rows of their positions. draws, unseen: see
  /// RowEncoder::encode(). shape: of a row in the model. @throws Error(bad_data)  for a value that cannot be
  void features(const Split& split, const RowEncoder& encoder, std::span<const std::int64_t> rows,
                const ValueShape& shape, Panels<float> out, const Draws* draws = nullptr,
                std::span<std::int64_t> unseen = {});
  /// y of the rows: targets put through the scaling in double, labels as numbers where `out` has one column, else
  /// one-hot. @throws Error(bad_data)  for a target that is too large for float32 when scaled
  void targets(const Split& split, const Normalization& scaling, std::span<const std::int64_t> rows, Panels<float> out);
  /// What each row counts: its weight in the file times that of its class; empty where all count alike.
  /// class_weights: (classes), or empty
  void weights(const Split& split, std::span<const double> class_weights, std::span<const std::int64_t> rows,
               std::vector<double>& out);

 private:
  /// x of the rows, row-major.
  void encode(const Split& split, const RowEncoder& encoder, std::span<const std::int64_t> rows, const Draws* draws,
              std::span<std::int64_t> unseen);
  void scaled(const Split& split, const Normalization& scaling, std::span<const std::int64_t> rows);

  ReplacedColumn replaced_;
  std::vector<double> cells_;    // row-major
  std::vector<float> features_;  // likewise
  std::vector<float> targets_;
  std::vector<double> values_;
  std::vector<std::int32_t> labels_;
};

}  // namespace shoal
