#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/data/encoding.hpp"
#include "shoal/graph/operation.hpp"
#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Counts, by input, values that are fed and lie far outside of those that a model was trained on: more than 10
/// deviations from their mean, or more than their whole range outside of it. By Chebyshev's inequality at most a
/// hundredth of a column lay so in training, so a larger share tells that these are other data.
class FarValues {
 public:
  FarValues() = default;
  /// shape: of the model's input. names: of the features, where they have any
  FarValues(const Encoding& encoding, const ValueShape& shape, const std::vector<std::string>& names);

  /// The first `rows` rows of an input.
  void count(Panels<const float> x, std::int64_t rows);
  /// For each input, then the rows behind them: to be added up over ranks.
  std::vector<double> counts() const;
  /// A line about columns that had more than a hundredth, if all together have, or some by far; else empty. counts: of
  /// all ranks
  std::string told(std::span<const double> counts) const;

 private:
  float least_ = 0.0F;
  float greatest_ = 0.0F;
  bool by_range_ = false;
  std::vector<std::string> names_;  // of the inputs that are counted, the first of them; empty text: no number
  std::vector<std::int64_t> sums_;
  std::int64_t rows_ = 0;
};

}  // namespace shoal
