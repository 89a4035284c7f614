#include "tune/folds/final_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/optim/schedule.hpp"

namespace shoal {
namespace {

std::int64_t best_epoch_of(const std::vector<CurvePoint>& curve, Metric metric) {
  assert(!curve.empty());
  const CurvePoint* best = nullptr;
  std::pair<double, double> least;  // the loss decides between equals, as for the checkpoint `best`
  for (const CurvePoint& point : curve) {
    const auto value = metric_at(point, metric);
    if (!value) continue;
    const std::pair score(higher_is_better(metric) ? -*value : *value, point.validation_loss.value_or(0.0));
    if (best != nullptr && !(score < least)) continue;
    best = &point;
    least = score;
  }
  return std::max<std::int64_t>(1, best != nullptr ? best->epoch : curve.back().epoch);
}

}  // namespace

std::int64_t best_epoch(const Outcome& outcome, Metric metric) {
  if (outcome.folds.empty()) return best_epoch_of(outcome.curve, metric);
  std::int64_t sum = 0;
  for (const Outcome& fold : outcome.folds) sum += best_epoch_of(fold.curve, metric);
  const auto folds = static_cast<std::int64_t>(outcome.folds.size());
  return (2 * sum + folds) / (2 * folds);
}

std::string length_text(const TrainConfig& train) {
  return train.steps > 0 ? counted(train.steps, "step") : counted(train.epochs, "epoch");
}

std::string refitted_schedule_line(const Config& trial, const Config& fit) {
  const std::string was = length_text(trial.train), is = length_text(fit.train);
  if (was == is || !schedule_spans_run(fit.schedule.name)) return "";
  return fmt::format(
      "schedule.name = \"{}\" is fitted to the {} of the final fit, and was to {} in the trial: its rates "
      "are others",
      fit.schedule.name, is, was);
}

std::vector<std::string> splits_of_final_fit(const Config& trial, const TrainingData& data) {
  std::vector<std::string> splits = trial.data.train;
  if (data.validates_apart()) splits.push_back(data.validation_name);
  return splits;
}

Config final_config(const Config& trial, const TrainingData& data, const Outcome& outcome, Metric metric) {
  Config config = trial;
  config.data.train = splits_of_final_fit(trial, data);
  config.data.fold = {};
  config.data.validation = 0.0;
  config.train.early_stopping = {};
  config.train.metric = TrainConfig().metric;
  const std::int64_t epochs = best_epoch(outcome, metric);
  const auto best_at_end = [&](const Outcome& one) {
    return best_epoch_of(one.curve, metric) >= one.curve.back().epoch;
  };
  const bool to_the_end =
      outcome.folds.empty() ? best_at_end(outcome) : std::ranges::all_of(outcome.folds, best_at_end);
  // One that may have stopped early need not have made all its steps.
  if (config.train.steps > 0 && to_the_end && trial.train.early_stopping.patience == 0) return config;
  config.train.steps = 0;
  config.train.epochs = epochs;
  return config;
}

}  // namespace shoal
