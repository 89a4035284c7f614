#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"

namespace shoal {

/// A point of a learning curve. Losses are means over samples, accuracies 0 to 1; none of them is not finite.
struct CurvePoint {
  std::int64_t epoch = 0;            ///< finished epochs; the one under way where training ends inside it
  std::optional<double> train_loss;  ///< none where no row of the epoch had a weight
  std::optional<double> train_accuracy;
  std::optional<double> validation_loss;
  std::optional<double> validation_accuracy;
  std::optional<double> metric = {};  ///< of validation: the one that trials are compared by, where it is none of these

  bool operator==(const CurvePoint&) const = default;
};

/// The metric at a point, nothing where it has none.
std::optional<double> metric_at(const CurvePoint& point, Metric metric);

/// What led to a member of a population, in one generation: whose training, with which hyperparameters.
struct LineagePart {
  std::int64_t member = 0;
  std::vector<std::string> values;  ///< per dimension, as in TrialRow
  std::vector<double> numbers;
};

/// One of the models of a trial, where sweep.folds makes several.
struct FoldRow {
  std::vector<CurvePoint> curve;
  std::string reason;  ///< why it failed; empty: it did not

  /// As that of a trial.
  const CurvePoint* result() const { return !reason.empty() || curve.empty() ? nullptr : &curve.back(); }
};

/// One trial in the results. Nothing here depends on ranks, times or places on disk.
struct TrialRow {
  std::int64_t trial = 0;
  std::optional<std::int64_t> place;  ///< from 1, the best; equal trials share one; none: failed, or no outcome yet
  std::string status;                 ///< done, stopped (by successive halving), failed; of a sweep under way: waiting
  std::int64_t round = 0;
  std::int64_t rung = 0;                     ///< the last one; with a population the generation
  std::vector<CurvePoint> curve;             ///< with folds, of their means
  std::optional<CurvePoint> deviation = {};  ///< with folds, beside result(): sample standard deviations over them
  std::vector<FoldRow> folds = {};           ///< by number; empty without folds
  std::int64_t parts_done = 0;      ///< of a sweep under way: folds that are done on a rung where others are not
  std::vector<std::string> values;  ///< per dimension, as TOML
  std::vector<double> numbers;      ///< per dimension, see number_at
  std::string reason;
  std::vector<LineagePart> lineage = {};  ///< of a member of a population: generation by generation, the last its own
  std::optional<std::int64_t> same_as = {};  ///< an earlier trial with the same values, whose result and place this has

  /// Nothing when it failed: its last point is not its result.
  const CurvePoint* result() const { return status == "failed" || curve.empty() ? nullptr : &curve.back(); }
};

/// How much one hyperparameter mattered.
struct Importance {
  std::string key;
  /// Spearman's rank correlation of value and metric, -1 to 1; none for choices, which have no order, or where all are
  /// equal, or of fewer than 8 trials. Source: Spearman, The proof and measurement of association between two things
  /// (1904).
  std::optional<double> correlation;
  /// Of the variance of the metric's ranks over the whole space, what this hyperparameter explains by itself, 0 to 1:
  /// functional ANOVA by trees (Hutter, Hoos and Leyton-Brown, An efficient approach for assessing hyperparameter
  /// importance, ICML 2014), in which only that counts which trees agree on that share no trial: one that does nothing
  /// is about 0. None of fewer than 16 trials, metrics or values that are all equal.
  std::optional<double> share;
};

/// What two hyperparameters explain together, and neither does by itself.
struct PairImportance {
  std::string first;
  std::string second;
  double share = 0.0;
};

/// What mattered, over trials that were trained for equally long: with successive halving the first rung, where no
/// trial is missing because it was poor, and the number of epochs stands for nothing else. Equal trials count once,
/// those that failed not at all.
struct SweepImportance {
  std::vector<Importance> single;     ///< the greatest share first, those without one last
  std::vector<PairImportance> pairs;  ///< as well; the ten greatest of at least 0.005
  /// Of the variance, all that trees tell of trials that they were not given; the rest is chance, or too intricate for
  /// so few trials.
  std::optional<double> explained;
};

/// Where a round of coarse_to_fine draws, around one trial of those before.
struct SearchBox {
  std::int64_t round = 0;
  std::vector<double> low;  ///< per dimension, a place from 0 to 1 on its scale; of choices, the survivor's
  double width = 1.0;       ///< of all dimensions but choices
};

/// A sweep as its files show it, finished or not.
struct SweepView {
  std::string folder;
  bool under_way = false;  ///< a process works at it now
  Config config;           ///< with [sweep]
  std::vector<TrialRow> rows;
  SweepImportance importance;    ///< none of a population
  std::vector<SearchBox> boxes;  ///< of all rounds that were begun, but the first
  std::int64_t rounds = 1;
  std::int64_t generations = 0;     ///< of a population; 0: there is none
  std::int64_t generation = 0;      ///< the one under way, or the last, from 1
  std::int64_t trainings_done = 0;  ///< of trainings, one a model of a trial and rung
  std::int64_t trainings = 0;
};

/// Reads config and journals, of any host's sweep. @throws Error  no_input: no sweep there; bad_data
SweepView read_sweep(const std::string& folder);

}  // namespace shoal
