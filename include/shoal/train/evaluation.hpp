#pragma once

#include <cstdint>
#include <optional>

namespace shoal {

/// What a model makes of a split: every sample counts once.
struct Evaluation {
  std::int64_t samples = 0;
  double loss = 0.0;               ///< mean over samples, in nats for cross-entropies, without L2
  std::optional<double> accuracy;  ///< share of samples that are right, 0 to 1; none without classes
};

}  // namespace shoal
