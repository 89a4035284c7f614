#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/infer/ensemble.hpp"
#include "train/predict/prediction_writer.hpp"

namespace shoal {

/// Predictions of a whole split, made by all ranks and written by rank 0, in the order of rows.
class PredictionRounds {
 public:
  /// Not collective; before rows are predicted, for what cannot be written. @throws Error
  PredictionRounds(const Split& split, PredictionLayout layout, std::vector<SpreadPart> spread, const std::string& out,
                   Communicator& comm);

  /// Collective. Round by round: every rank predicts a run of rows, rank 0 writes them.
  /// @param block    rows that a rank predicts at a time
  /// @param predict  of rows [begin, end), not empty; does not communicate
  void run(std::int64_t block, const std::function<EnsemblePredictions(std::int64_t begin, std::int64_t end)>& predict);
  /// Collective. Says in how many rows quantiles cross.
  void finish();

 private:
  Split split_;
  PredictionLayout layout_;
  std::vector<SpreadPart> spread_;
  Communicator& comm_;
  std::optional<RowIds> ids_;                 // on rank 0
  std::unique_ptr<PredictionWriter> writer_;  // likewise
  std::int64_t crossing_ = 0;                 // likewise: rows
};

/// Of a row in messages, by its number.
std::string row_name(const Split& split, std::int64_t row, const std::string& data);

}  // namespace shoal
