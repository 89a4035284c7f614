#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shoal/data/dataset.hpp"
#include "shoal/infer/ensemble.hpp"

namespace shoal {

/// What tells the rows of a split apart: columns of texts, by their names in the file; none where it keeps none.
class RowIds {
 public:
  explicit RowIds(const Split& split);

  const std::vector<std::string>& names() const { return names_; }
  std::int64_t bytes(std::size_t id) const { return split_.id_bytes(id); }
  /// Of rows [first, last): by column, then by row.
  std::vector<std::vector<std::string>> read(std::int64_t first, std::int64_t last) const;

 private:
  Split split_;
  std::vector<std::string> names_;
};

/// Writes predictions row by row; see DatasetPredictor::predict for the formats.
class PredictionWriter {
 public:
  virtual ~PredictionWriter() = default;
  /// The next rows, their spread where there is one, and the ids of each.
  virtual void write(const EnsemblePredictions& made, const std::vector<std::vector<std::string>>& ids) = 0;
  virtual void finish() = 0;
};

/// By the ending of `out`. spread: what each row has of it; empty: none
/// @throws Error(bad_data)  for an id that is called as a column of predictions, or two columns of one name
std::unique_ptr<PredictionWriter> make_prediction_writer(const std::string& out, std::int64_t rows,
                                                         const PredictionLayout& layout,
                                                         const std::vector<SpreadPart>& spread, const RowIds& ids);

}  // namespace shoal
