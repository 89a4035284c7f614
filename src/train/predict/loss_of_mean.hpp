#pragma once

#include <vector>

#include "shoal/infer/ensemble.hpp"
#include "shoal/nn/losses.hpp"
#include "shoal/tensor/panels.hpp"

namespace shoal {

struct JudgedMean {
  double loss = 0.0;
  double right = 0.0;  ///< of the row: 1 or 0, or the share of its outputs; see leaf_sums()
};

/// The loss of what an ensemble predicts; see EnsembleEvaluation::mean.
class LossOfMean {
 public:
  /// @param targets  that the loss has targets scaled by, of each target; may be empty
  LossOfMean(const Loss& loss, const PredictionLayout& layout, const Normalization& targets);

  /// Of row r. targets: as the loss takes them, row r as well
  JudgedMean of(const EnsemblePredictions& made, std::size_t r, Panels<const float> targets) const;

 private:
  JudgedMean of_class(std::span<const double> p, std::int32_t predicted, std::size_t label) const;
  JudgedMean of_shares(std::span<const double> p, std::span<const double> shares, std::int32_t predicted) const;
  JudgedMean of_numbers(std::span<const double> outputs, std::span<const double> targets) const;

  Loss loss_;
  std::size_t columns_;
  bool labels_;
  std::vector<double> mean_, scale_;  // of each target
};

}  // namespace shoal
