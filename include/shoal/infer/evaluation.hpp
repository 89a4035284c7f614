#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/nn/model.hpp"

namespace shoal {

/// Classes that an evaluation has a confusion matrix of.
inline constexpr std::size_t most_confused = 1000;

/// A class against all others. What cannot be told is nothing, never a number: the recall of a class without rows.
struct ClassJudgement {
  std::string name;
  double support = 0.0;  ///< rows of it, or the sum of their weights
  std::optional<double> precision, recall, f1;
  std::optional<double> auc, average_precision;
};

/// Rows by how sure the model was of their labels.
struct CalibrationBin {
  double weight = 0.0;      ///< of its rows
  double confidence = 0.0;  ///< their mean; 0 where there are none
  double accuracy = 0.0;    ///< the share of them that is right
};

/// Rows of an output by what is true and what is predicted, in squares over [low, high] of both.
struct TrueAgainstPredicted {
  static constexpr std::size_t side = 48;  ///< squares
  double low = 0.0;
  double high = 0.0;
  std::vector<double> weights;  ///< (side, side) row-major: by the true value, then by the predicted one
};

/// An output of a regression, in the units of the file, or the probability of a class of which a row may have several.
struct OutputJudgement {
  std::string name;
  double rmse = 0.0;
  double mae = 0.0;
  std::optional<double> r2;           ///< nothing where the target is constant
  TrueAgainstPredicted against = {};  ///< on rank 0
  /// Of a probability: the share of rows where it is above 1/2 as the target is; how well it ranks those above 1/2.
  std::optional<double> accuracy = {}, auc = {}, average_precision = {};
};

/// How often the target lies in the interval that is predicted for it: from the first to the last level of a quantile
/// loss, ends included.
struct IntervalJudgement {
  std::string name;       ///< of the target
  double nominal = 0.0;   ///< the share that should, such as 0.9
  double coverage = 0.0;  ///< the share of rows that do
  double width = 0.0;     ///< mean, in the units of the file
};

/// What a model makes of a split: every row counts once, or by its weight where the data have weights; class weights
/// count in training alone. Each metric is a sum along the tree of leaves, or one over rows in their order or in that
/// of their scores: the same bits for any number of ranks. Definitions as in scikit-learn 1.9; see infer/metrics.hpp.
struct Evaluation {
  std::int64_t samples = 0;
  double loss = 0.0;               ///< mean over samples, in nats for cross-entropies, without L2; of a regression in
                                   ///< the units that targets are normalised to
  std::optional<double> accuracy;  ///< share of samples that are right, 0 to 1, or, where a row may have several
                                   ///< classes, the mean of that over classes; none without classes

  // Of an evaluation that asked for all of it, with classes (where a row may have several, auc and average_precision,
  // the means over those that have one, beside those of targets):
  std::optional<double> balanced_accuracy;  ///< mean recall of classes that have rows
  std::optional<double> macro_f1;           ///< mean over classes that have rows or are predicted
  std::optional<double> weighted_f1;        ///< the same, by their support
  std::optional<double> auc;  ///< under the ROC curve: of the second of two classes; else the mean of each against the
                              ///< rest, of those that have an AUC
  std::optional<double> average_precision;  ///< likewise
  std::optional<double> brier;              ///< of two classes (p - y)^2, else the sum of that over classes
  std::optional<double> ece;  ///< expected calibration error of the label: 15 bins of equal width, each with its end
  std::optional<double> nll;  ///< mean of -ln(probability of the true class), in nats, of what predictions report; a
                              ///< probability of 0 counts as the least normal float32, 1.2e-38
  std::vector<CalibrationBin> calibration;  ///< the bins of ece, from the least confidence on; on rank 0
  std::vector<ClassJudgement> classes;
  std::vector<double> confusion;  ///< (K, K) row-major: weight of the rows of class r taken for class c; empty for more
                                  ///< than most_confused classes

  // ... and with targets: means over outputs. Of several levels of a target the one nearest 0.5 counts in them.
  std::optional<double> rmse, mae, r2;
  std::vector<OutputJudgement> outputs;
  std::vector<IntervalJudgement> intervals;  ///< one a target; empty where no interval is predicted

  std::vector<std::string> notes;      ///< what cannot be told, and why; what makes one doubt; one sentence each
  std::vector<std::string> no_better;  ///< those of them that say where a constant is as good; on rank 0
};

/// A number of an evaluation beside its loss, under the name that every result carries it by.
struct EvaluationMetric {
  const char* name;
  std::optional<double> Evaluation::*value;
  bool higher_is_better;
  bool of_classes;  ///< else of targets that are numbers
};

/// In the order in which results have them. Accuracy comes with every loss; the others where all was asked for.
inline constexpr std::array evaluation_metrics{
    EvaluationMetric{"accuracy", &Evaluation::accuracy, true, true},
    EvaluationMetric{"balanced_accuracy", &Evaluation::balanced_accuracy, true, true},
    EvaluationMetric{"macro_f1", &Evaluation::macro_f1, true, true},
    EvaluationMetric{"weighted_f1", &Evaluation::weighted_f1, true, true},
    EvaluationMetric{"auc", &Evaluation::auc, true, true},
    EvaluationMetric{"average_precision", &Evaluation::average_precision, true, true},
    EvaluationMetric{"brier", &Evaluation::brier, false, true},
    EvaluationMetric{"ece", &Evaluation::ece, false, true},
    EvaluationMetric{"nll", &Evaluation::nll, false, true},
    EvaluationMetric{"rmse", &Evaluation::rmse, false, false},
    EvaluationMetric{"mae", &Evaluation::mae, false, false},
    EvaluationMetric{"r2", &Evaluation::r2, true, false},
};

/// The one of that name; null for another word, the loss among them.
constexpr const EvaluationMetric* evaluation_metric(std::string_view name) {
  for (const EvaluationMetric& metric : evaluation_metrics) {
    if (name == metric.name) return &metric;
  }
  return nullptr;
}

/// Whether a row may have several classes, each told by an output of its own: of targets that are shares, without
/// classes of the data that the model was trained on.
inline bool tells_each_output(const Model& model, std::int64_t classes) {
  return classes == 0 && model.loss_kind().tells_classes;
}

/// From sums over the samples: see leaf_sums(). weight: of all samples, their number where all count alike.
inline Evaluation evaluation_of(const Model& model, std::int64_t samples, double loss_sum, double right,
                                double weight) {
  Evaluation evaluation;
  evaluation.samples = samples;
  evaluation.loss = loss_sum / weight;
  if (model.loss_kind().tells_classes) evaluation.accuracy = right / weight;
  return evaluation;
}

}  // namespace shoal
