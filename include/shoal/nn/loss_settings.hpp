#pragma once

#include <string>
#include <vector>

namespace shoal {

/// A loss by name, and what it can be told beside: model.loss of a config, as a word or as a table of these names; in
/// checkpoints the same. What belongs to another loss has to stay as it is here.
struct LossSettings {
  std::string name = "auto";            ///< or one of Loss::names()
  double delta = 1.0;                   ///< huber: from this error on it grows like the absolute one; above 0
  std::vector<double> levels = {};      ///< quantile: each above 0 and below 1, rising; empty: 0.1, 0.5, 0.9
  double label_smoothing = 0.0;         ///< softmax: share of a target that all classes get alike; 0 to below 1
  std::vector<double> pos_weight = {};  ///< sigmoid: weight of positive targets, one for all outputs or one each;
                                        ///< empty: 1

  bool operator==(const LossSettings&) const = default;
};

/// What is wrong with settings by themselves: a value out of range, or of another loss. Empty: nothing.
std::string fault_of(const LossSettings& settings);

}  // namespace shoal
