#pragma once

#include <cstdint>
#include <string>

#include "shoal/data/import.hpp"

namespace shoal {

/// Each row is a function of (seed, row) and the number of features and classes, written as it is made, so that a set
/// may be larger than memory. Row i is of class i % classes. x is float32.
struct SynthOptions {
  std::int64_t samples = 0;
  std::int64_t features = 0;
  std::int64_t classes = 0;
  std::uint64_t seed = 1;
  double test_fraction = 0.0;        ///< the chance of a row, drawn by counter, to go to test: counts are not exact
  double validation_fraction = 0.0;  ///< likewise
};

/// One normal cloud a class, of deviation 1 around a centre whose coordinates have deviation 2.
/// @throws Error  usage for counts below 1 or fractions that leave no row to train, input_output when writing fails
DatasetSummary synth_gaussians(const SynthOptions& options, const std::string& out);

/// Interleaved spirals, one arm a class, in features 0 and 1: angle 2 pi (k / K + 0.75 t) with some noise at radius t,
/// t uniform in [0, 1). Other features are normal noise. Needs 2 features. Not linearly separable.
DatasetSummary synth_spirals(const SynthOptions& options, const std::string& out);

}  // namespace shoal
