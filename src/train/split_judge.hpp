#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/infer/evaluation.hpp"
#include "shoal/infer/prediction_pass.hpp"

namespace shoal {

/// The metrics of a model on a split, of which each rank has seen a run of rows, rank 0 the first. What is judged is
/// what predictions report, to the bit. Rank 0 has one column of all rows in memory at a time; each rank keeps what it
/// predicted of its own.
class SplitJudge {
 public:
  SplitJudge(const Model& model, const DataDescription& data, const Normalization& target_scaling);
  /// For predictions that are made already, of a layout of their own.
  SplitJudge(const Model& model, const DataDescription& data, const Normalization& target_scaling,
             PredictionLayout layout);

  /// Rows of the split after those taken before, their outputs, and weights or none. Outputs that are not finite have
  /// a loss that is not, which the caller judges: there are no metrics then.
  void take(const Split& split, std::span<const std::int64_t> rows, Panels<const float> outputs,
            std::span<const double> weights);
  /// The same of what was reported of them.
  void take(const Split& split, std::span<const std::int64_t> rows, const Predictions& made,
            std::span<const double> weights);
  /// Collective, after all rows. Sets the metrics, the same on every rank.
  void finish(Evaluation& evaluation, Communicator& comm);

 private:
  void judge_classes(Evaluation& evaluation, Communicator& comm);
  void judge_outputs(Evaluation& evaluation, Communicator& comm);
  void judge_interval_of(std::size_t target, std::span<const double> targets, std::span<const double> low,
                         std::span<const double> high, std::span<const double> weights, Evaluation& evaluation) const;
  std::vector<double> column(std::size_t k) const;

  Reporter reporter_;
  PredictionLayout layout_;
  std::vector<std::string> class_names_;
  std::vector<std::string> target_names_;
  std::vector<double> levels_;  // of a target; empty: one output each
  std::size_t outputs_;         // of the model
  std::size_t values_in_row_;   // of predictions
  std::int64_t crossing_ = 0;   // rows, see crossing_rows()
  bool finite_ = true;
  bool classes_ = false;  // as far as rows were taken: labels that the model tells apart
  std::vector<std::int32_t> labels_, predicted_;
  std::vector<double> targets_;     // (rows, targets)
  std::vector<double> confidence_;  // (rows)
  std::vector<double> weights_;     // (rows), or none
  std::vector<float> values_;       // (rows, values_in_row_), or
  std::vector<double> precise_;
};

}  // namespace shoal
