#pragma once

#include <cstdint>
#include <optional>

#include "shoal/nn/model.hpp"

namespace shoal {

/// What a model makes of a split: every sample counts once.
struct Evaluation {
  std::int64_t samples = 0;
  double loss = 0.0;               ///< mean over samples, in nats for cross-entropies, without L2
  std::optional<double> accuracy;  ///< share of samples that are right, 0 to 1; none without classes
};

/// From sums over the samples, as a loss has them for statistics. classes: of the data, 0 for none.
inline Evaluation evaluation_of(const Model& model, std::int64_t classes, std::int64_t samples, double loss_sum,
                                double right) {
  const auto count = static_cast<double>(samples);
  Evaluation evaluation{samples, loss_sum / count, {}};
  if (classes > 0 && model.loss_kind().tells_classes) evaluation.accuracy = right / count;
  return evaluation;
}

}  // namespace shoal
