#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shoal/infer/prediction_pass.hpp"

namespace shoal {

/// A trained model for rows in memory, in this process alone: with test-time batch norm and the encoding that it was
/// trained with, bit for bit what `shoal predict` writes. For one thread at a time; copies of the file open as
/// often as wanted.
class Predictor {
 public:
  /// Opens a checkpoint, such as runs/digits/checkpoints/best.
  /// @throws Error  no_input, bad_data; also for a checkpoint of a version that did not describe its model by itself;
  ///                usage: no average is kept, and it is asked for
  explicit Predictor(const std::string& checkpoint, WhichWeights which = WhichWeights::judged);
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;
  ~Predictor();

  std::int64_t step() const;                  ///< finished updates of the checkpoint
  std::int64_t features() const;              ///< D, numbers of a row
  const DataDescription& trained_on() const;  ///< shape and columns of a row, classes and their names
  const PredictionLayout& layout() const;     ///< K columns, and what they are

  /// @param rows  (N, D) row-major, any N, with values as a data set holds them, not encoded: of a table NaN for a
  ///              missing cell, and for a category its number in trained_on().table, or how many there are for another
  /// @throws Error  usage: not whole rows; bad_data: a value that is not finite, or too large for float32;
  ///                diverged: an output is not finite
  Predictions predict(std::span<const float> rows) const;
  Predictions predict(std::span<const double> rows) const;
  /// A row from texts, as they stand in a file, by the names of the columns: see row_of_cells().
  /// @throws Error  usage: the model was trained on data without such names; bad_data
  std::vector<double> row(const std::map<std::string, std::string>& cells) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
