#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "shoal/infer/prediction_pass.hpp"

namespace shoal {

/// Writes predictions row by row; see DatasetPredictor::predict for the formats.
class PredictionWriter {
 public:
  virtual ~PredictionWriter() = default;
  /// The next rows, (rows, K) row-major, and the class of each where there are labels.
  virtual void write(std::span<const float> rows, std::span<const std::int32_t> labels) = 0;
  /// The same where the layout is precise, which has no labels.
  virtual void write(std::span<const double> rows) = 0;
  virtual void finish() = 0;
};

/// By the ending of `out`.
std::unique_ptr<PredictionWriter> make_prediction_writer(const std::string& out, std::int64_t rows,
                                                         const PredictionLayout& layout);

}  // namespace shoal
