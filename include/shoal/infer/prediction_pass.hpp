#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "shoal/core/tree_sum.hpp"
#include "shoal/graph/executor.hpp"
#include "shoal/infer/reporter.hpp"
#include "shoal/infer/trained_model.hpp"

namespace shoal {

/// Rows that are predicted at a time.
inline constexpr std::int64_t prediction_block = 1024;

/// Blocks of rows through a trained model, with test-time batch norm.
class PredictionPass {
 public:
  /// trained and sums outlive it.
  /// @param capacity         most rows of a block
  /// @param processes_on_host  that take as much memory at the same time
  /// @throws Error(bad_data)  when a block would take more than half of the memory that this process may use
  PredictionPass(TrainedModel& trained, std::int64_t capacity, TreeSum& sums, int processes_on_host = 1);

  std::int64_t capacity() const { return capacity_; }
  /// Whose input takes the rows, normalised.
  Executor<float>& executor() { return executor_; }
  /// What the model makes of the first `rows` in the input. row_name: of row r, for messages: "row 3 of ..."
  /// @throws Error(diverged)  an output is not finite
  Predictions predict(std::int64_t rows, const std::function<std::string(std::int64_t r)>& row_name);

 private:
  TrainedModel& trained_;
  Reporter reporter_;
  std::int64_t capacity_;
  Executor<float> executor_;
};

}  // namespace shoal
