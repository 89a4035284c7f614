#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "shoal/nn/model.hpp"

namespace shoal {

/// Writes predictions row by row; see Predictor::predict for the formats.
class PredictionWriter {
 public:
  virtual ~PredictionWriter() = default;
  /// The next rows, (rows, K) row-major.
  virtual void write(std::span<const float> rows) = 0;
  virtual void finish() = 0;
};

/// By the ending of `out`. class_names: empty for a regression.
std::unique_ptr<PredictionWriter> make_prediction_writer(const std::string& out, std::int64_t rows, const Model& model,
                                                         const std::vector<std::string>& class_names);

}  // namespace shoal
