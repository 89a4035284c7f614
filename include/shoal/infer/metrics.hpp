#pragma once

// How predictions are judged, given rows in their order. Every function is one chain of operations in that order, or in
// that of sorted scores, so its bits depend on the rows alone. Sums are compensated. Weights: one a row, 0 or more;
// empty: all are 1. Equal to scikit-learn 1.9 with sample_weight, but that nothing stands where it has to make up a
// number (zero_division, force_finite).

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shoal/infer/evaluation.hpp"

namespace shoal {

/// What a reported probability of 0 counts as under a logarithm: a float32 that underflowed was less than that.
inline constexpr double least_probability = std::numeric_limits<float>::min();

struct Ranking {
  std::optional<double> auc;                ///< share of pairs (of the class, not of it) in order, ties by half
  std::optional<double> average_precision;  ///< sum over thresholds of (recall - recall before) * precision
};
/// How well scores tell the rows of a class (is_of_class[i] != 0) from the others; nothing without rows of both.
Ranking rank_by_score(std::span<const double> scores, std::span<const std::uint8_t> is_of_class,
                      std::span<const double> weights);

OutputJudgement judge_output(std::string name, std::span<const double> targets, std::span<const double> predicted,
                             std::span<const double> weights);

/// Sets what an output has that is the probability of a class of its own.
void judge_as_probability(OutputJudgement& output, std::span<const double> targets, std::span<const double> predicted,
                          std::span<const double> weights);

/// Rows of a split with classes, judged a class at a time, so that a column of probabilities is in memory at once.
class ClassJudge {
 public:
  /// Spans outlive it, one number a row.
  /// @param confidence  the largest probability of each row
  ClassJudge(std::vector<std::string> names, std::span<const std::int32_t> labels,
             std::span<const std::int32_t> predicted, std::span<const double> confidence,
             std::span<const double> weights);
  /// The probability of class k in each row; for each class, in order.
  void take(std::span<const double> probability);
  /// Sets all metrics of classes but the accuracy, and notes.
  void finish(Evaluation& evaluation);

 private:
  double weight(std::size_t row) const { return weights_.empty() ? 1.0 : weights_[row]; }
  void count(Evaluation& evaluation) const;
  /// Notes where one answer for all rows, the best there is, would do as well.
  void compare_with_constants(Evaluation& evaluation) const;
  std::vector<CalibrationBin> calibration() const;
  std::optional<double> calibration_error() const;

  std::vector<std::string> names_;
  std::span<const std::int32_t> labels_, predicted_;
  std::span<const double> confidence_, weights_;
  double total_ = 0.0;
  std::vector<Ranking> rankings_;
  std::vector<double> squares_;    // of each class: sum of w (p - y)^2
  std::vector<double> surprises_;  // of each class: sum of -w ln p over its rows
};

/// How often targets lie in [low, high], and how far apart these are. name: of the target. nominal: how often they
/// should
IntervalJudgement judge_interval(std::string name, double nominal, std::span<const double> targets,
                                 std::span<const double> low, std::span<const double> high,
                                 std::span<const double> weights);

/// Means over outputs, of those that have the metric; `counted` says which count, by number. Notes those of them that
/// a constant would be as near to.
void average_outputs(Evaluation& evaluation, std::span<const std::size_t> counted);
/// Of outputs that are probabilities: auc and average_precision, as means over those that have them.
void average_probabilities(Evaluation& evaluation);

}  // namespace shoal
