#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shoal/config/config.hpp"

namespace shoal {

/// A point of a learning curve. Losses are means over samples, accuracies 0 to 1.
struct CurvePoint {
  std::int64_t epoch = 0;  ///< finished epochs; the one under way where training ends inside it
  double train_loss = 0.0;
  std::optional<double> train_accuracy;
  std::optional<double> validation_loss;
  std::optional<double> validation_accuracy;
  std::optional<double> metric = {};  ///< of validation: the one that trials are compared by, where it is none of these

  bool operator==(const CurvePoint&) const = default;
};

/// The metric at a point, nothing where it has none.
std::optional<double> metric_at(const CurvePoint& point, Metric metric);

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
  std::optional<std::int64_t> place;  ///< from 1, the best; none when it failed, or has no outcome yet
  std::string status;                 ///< done, stopped (by successive halving), failed; of a sweep under way: waiting
  std::int64_t round = 0;
  std::int64_t rung = 0;                     ///< the last one
  std::vector<CurvePoint> curve;             ///< with folds, of their means
  std::optional<CurvePoint> deviation = {};  ///< with folds, beside result(): sample standard deviations over them
  std::vector<FoldRow> folds = {};           ///< by number; empty without folds
  std::int64_t parts_done = 0;      ///< of a sweep under way: folds that are done on a rung where others are not
  std::vector<std::string> values;  ///< per dimension, as TOML
  std::vector<double> numbers;      ///< per dimension, see number_at
  std::string reason;

  /// Nothing when it failed: its last point is not its result.
  const CurvePoint* result() const { return status == "failed" || curve.empty() ? nullptr : &curve.back(); }
};

/// How much one hyperparameter mattered, over trials that were trained for equally long.
struct Importance {
  std::string key;
  /// Spearman's rank correlation of value and metric, -1 to 1; none for choices, which have no order, or where all are
  /// equal. Source: Spearman, The proof and measurement of association between two things (1904).
  std::optional<double> correlation;
  /// Share of the variance of the metric's ranks that lies between up to five groups of values, 0 to 1, corrected for
  /// what chance alone explains: sees influence that rises and falls. This is functional ANOVA on one parameter at a
  /// time (Hutter, Hoos and Leyton-Brown, An efficient approach for assessing hyperparameter importance, ICML 2014)
  /// with the epsilon squared of Kelley, An unbiased correlation ratio measure (PNAS 1935). Each choice is a group.
  /// None where it cannot be estimated: fewer than 8 trials, or than 2 a group, metrics or values that are all equal.
  std::optional<double> share;
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
  std::vector<Importance> importance;  ///< over the first rung, where all trials were trained alike
  std::vector<SearchBox> boxes;        ///< of all rounds that were begun, but the first
  std::int64_t rounds = 1;
  std::int64_t trainings_done = 0;  ///< of trainings, one a model of a trial and rung
  std::int64_t trainings = 0;
};

/// Reads config and journals, of any host's sweep. @throws Error  no_input: no sweep there; bad_data
SweepView read_sweep(const std::string& folder);

}  // namespace shoal
