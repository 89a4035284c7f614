// What people read of a sweep: the best trials, and which hyperparameters mattered.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "tune/importance/importance.hpp"
#include "tune/results/results.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_shown = 10;
constexpr std::size_t pairs_shown = 5;

std::string shown(const std::optional<double>& value) { return value ? fmt::format("{:.4g}", *value) : "-"; }

/// With folds the deviation behind it.
std::string shown(const std::optional<double>& value, const std::optional<double>& deviation) {
  return value && deviation ? fmt::format("{:.4g} +- {:.2g}", *value, *deviation) : shown(value);
}

std::string shown_value(const TrialRow& row, const Dimension& dimension, std::size_t d) {
  return dimension.scale == Scale::choices ? plain(row.values[d]) : fmt::format("{:.4g}", row.numbers[d]);
}

std::vector<std::vector<std::string>> best_table(const SweepTable& table) {
  const auto& space = table.settings.space;
  std::vector<const TrialRow*> placed;
  for (const TrialRow& row : table.rows) {
    if (row.place && !row.same_as) placed.push_back(&row);
  }
  std::sort(placed.begin(), placed.end(), [](const TrialRow* a, const TrialRow* b) { return *a->place < *b->place; });
  if (placed.empty()) return {};
  const bool validated = placed[0]->result()->validation_loss.has_value();
  const bool judged = placed[0]->result()->train_accuracy.has_value();
  std::vector<std::vector<std::string>> rows(1, {"place", "trial", "epochs"});
  if (validated) rows[0].emplace_back("validation.loss");
  if (validated && judged) rows[0].emplace_back("validation.accuracy");
  const Metric metric = table.settings.metric;
  if (!stands_apart(metric)) rows[0].push_back(to_string(metric));
  rows[0].emplace_back("train.loss");
  for (const Dimension& d : space) rows[0].push_back(d.key);
  for (std::size_t i = 0; i < std::min(most_shown, placed.size()); ++i) {
    const TrialRow& row = *placed[i];
    const CurvePoint& p = *row.result();
    auto& cells = rows.emplace_back();
    cells = {std::to_string(*row.place), std::to_string(row.trial), std::to_string(p.epoch)};
    const CurvePoint off = row.deviation.value_or(CurvePoint());
    if (validated) cells.push_back(shown(p.validation_loss, off.validation_loss));
    if (validated && judged) cells.push_back(shown(p.validation_accuracy, off.validation_accuracy));
    if (!stands_apart(metric)) cells.push_back(shown(p.metric, off.metric));
    cells.push_back(shown(p.train_loss, off.train_loss));
    for (std::size_t d = 0; d < space.size(); ++d) cells.push_back(shown_value(row, space[d], d));
  }
  return rows;
}

std::vector<std::vector<std::string>> importance_table(const SweepImportance& importance) {
  if (importance.single.empty()) return {};
  std::vector<std::vector<std::string>> rows(1, {"hyperparameter", "share of variance", "rank correlation"});
  for (const Importance& one : importance.single)
    rows.push_back({one.key, one.share ? fmt::format("{:.2f}", *one.share) : "-",
                    one.correlation ? fmt::format("{:+.2f}", *one.correlation) : "-"});
  for (std::size_t i = 0; i < std::min(pairs_shown, importance.pairs.size()); ++i) {
    const PairImportance& pair = importance.pairs[i];
    rows.push_back({pair.first + " with " + pair.second, fmt::format("{:.2f}", pair.share), "-"});
  }
  if (importance.explained) rows.push_back({"unexplained", fmt::format("{:.2f}", 1.0 - *importance.explained), "-"});
  return rows;
}

}  // namespace

SweepImportance importance_of(const SweepTable& table, const std::vector<History>& trials) {
  if (table.settings.population.enabled()) return {};  // what changes on the way explains no end
  const auto& space = table.settings.space;
  std::vector<std::vector<double>> values(space.size());
  std::vector<double> scores;
  for (std::size_t t = 0; t < trials.size(); ++t) {
    if (trials[t].empty() || trials[t].front().failed) continue;
    for (std::size_t d = 0; d < space.size(); ++d) values[d].push_back(table.rows[t].numbers[d]);
    scores.push_back(metric_of(trials[t].front(), table.settings.metric));
  }
  return scores.empty() ? SweepImportance() : importance(space, values, scores);
}

void summarise(const SweepTable& table, const std::vector<History>& trials, SweepSummary& summary) {
  for (const TrialRow& row : table.rows) {
    ++(row.same_as              ? summary.taken_over
       : row.status == "failed" ? summary.failed
       : row.status == "done"   ? summary.done
                                : summary.stopped);
    const bool won = row.place == 1 && !row.same_as;
    if (won) summary.winner = row.trial;
    if (won || table.rows.size() == 1) summary.shown = row;
  }
  summary.metric = to_string(table.settings.metric);
  summary.best = best_table(table);
  summary.importance = importance_table(importance_of(table, trials));
}

}  // namespace shoal
