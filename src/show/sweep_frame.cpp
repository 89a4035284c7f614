// What `shoal watch` shows of a sweep, as text.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "shoal/core/error.hpp"
#include "shoal/show/watch.hpp"
#include "shoal/train/progress.hpp"
#include "show/text_chart.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_trials = 8;

struct Counts {
  std::int64_t done = 0;
  std::int64_t stopped = 0;
  std::int64_t failed = 0;
  std::int64_t taken_over = 0;
};

Counts counts_of(const SweepView& view) {
  Counts counts;
  for (const TrialRow& row : view.rows) {
    if (row.same_as) {
      ++counts.taken_over;
      continue;
    }
    counts.done += row.status == "done" ? 1 : 0;
    counts.stopped += row.status == "stopped" ? 1 : 0;
    counts.failed += row.status == "failed" ? 1 : 0;
  }
  return counts;
}

std::string headline_of_sweep(const SweepFrame& sweep) {
  const Counts counts = counts_of(sweep.view);
  std::string text =
      fmt::format("{}  {}  {} of {}: {} done", sweep.view.folder, sweep.view.under_way ? "under way" : "ended",
                  counted(sweep.view.trainings_done, "training"), sweep.view.trainings, counts.done);
  if (sweep.view.generations > 0)
    text += fmt::format(", generation {} of {}", sweep.view.generation, sweep.view.generations);
  if (sweep.view.under_way) text += fmt::format(", {} under way", sweep.pace.running);
  if (counts.stopped > 0) text += fmt::format(", {} stopped early", counts.stopped);
  text += fmt::format(", {} failed", counts.failed);
  return counts.taken_over > 0 ? text + fmt::format(", {} taken over", counts.taken_over) : text;
}

std::string progress_of_sweep(const SweepPace& pace, int columns) {
  std::string words;
  if (pace.seconds_gone) words = "  " + format_duration(*pace.seconds_gone) + " gone";
  if (pace.seconds_left) words += fmt::format(", {} left", format_duration(*pace.seconds_left));
  return progress_bar(pace.share, columns - static_cast<int>(words.size())) + words;
}

std::vector<const TrialRow*> placed(const SweepView& view) {
  std::vector<const TrialRow*> rows;
  for (const TrialRow& row : view.rows) {
    if (row.place && row.result() != nullptr && !row.same_as) rows.push_back(&row);
  }
  std::sort(rows.begin(), rows.end(), [](const TrialRow* a, const TrialRow* b) { return *a->place < *b->place; });
  return rows;
}

std::string score(const TrialRow& row, Metric metric) {
  const auto value = metric_at(*row.result(), metric);
  if (!value) return "-";
  const auto off = row.deviation ? metric_at(*row.deviation, metric) : std::nullopt;
  return off ? fmt::format("{:.4g} +- {:.2g}", *value, *off) : fmt::format("{:.4g}", *value);
}

/// `  1  trial 7  0.1234  optimizer.learning_rate = 0.0012  model.width = 64`
std::vector<std::string> best_lines(const SweepView& view, const std::vector<const TrialRow*>& rows) {
  const auto& space = view.config.sweep.space;
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < std::min(rows.size(), most_trials); ++i) {
    std::string line = fmt::format("{:>3}  trial {:<5} {:<9}", *rows[i]->place, rows[i]->trial,
                                   score(*rows[i], view.config.sweep.metric));
    for (std::size_t d = 0; d < space.size(); ++d)
      line += space[d].scale == Scale::choices ? fmt::format("  {} = {}", space[d].key, rows[i]->values[d])
                                               : fmt::format("  {} = {:.4g}", space[d].key, rows[i]->numbers[d]);
    lines.push_back(std::move(line));
  }
  return lines;
}

/// `mattered: optimizer.learning_rate 0.62, model.width 0.08, optimizer.learning_rate with model.width 0.05`
std::string importance_line(const SweepImportance& importance) {
  std::string line;
  const auto add = [&](const std::string& name, double share) {
    if (share >= 0.01) line += fmt::format("{}{} {:.2f}", line.empty() ? "mattered: " : ", ", name, share);
  };
  for (const Importance& one : importance.single) add(one.key, one.share.value_or(0.0));
  if (!importance.pairs.empty()) {
    const PairImportance& best = importance.pairs.front();
    add(best.first + " with " + best.second, best.share);
  }
  return line;
}

/// Each trial's score as a mark, the best so far as the line, over the trials by number. As for their places, a trial
/// that was trained longer counts before one that was stopped earlier, whatever the score of that.
TextChart history(const SweepView& view) {
  const Metric metric = view.config.sweep.metric;
  TextChart chart;
  std::int64_t rung = -1;
  for (const TrialRow& row : view.rows) {
    if (row.result() == nullptr) continue;
    const auto value = metric_at(*row.result(), metric);
    if (!value) continue;
    chart.marks.push_back({row.trial, *value});
    double best = *value;
    if (row.rung <= rung) {
      const double before = chart.line.back().value;
      const double better = higher_is_better(metric) ? std::max(before, *value) : std::min(before, *value);
      best = row.rung == rung ? better : before;
    }
    rung = std::max(rung, row.rung);
    chart.line.push_back({row.trial, best});
  }
  return chart;
}

/// Of a sweep without any place.
std::string no_outcome_line(const SweepView& view) {
  const auto failed = std::ranges::find_if(view.rows, [](const TrialRow& row) { return row.status == "failed"; });
  if (view.under_way || failed == view.rows.end()) return "no trial has an outcome yet";
  return fmt::format("every trial failed; trial {}: {}", failed->trial, failed->reason);
}

}  // namespace

std::vector<std::string> draw_frame(const SweepFrame& sweep, const FrameStyle& style) {
  const SweepView& view = sweep.view;
  std::vector<std::string> lines = {headline_of_sweep(sweep), progress_of_sweep(sweep.pace, style.columns)};
  const std::vector<const TrialRow*> rows = placed(view);
  std::vector<std::string> below = best_lines(view, rows);
  if (std::string line = importance_line(view.importance); !line.empty()) below.push_back(std::move(line));
  const int least = static_cast<int>(lines.size()) + 1 + least_chart_rows + 1;
  below.resize(std::min(below.size(), static_cast<std::size_t>(std::max(style.rows - least, 0))));
  const std::string metric = to_string(view.config.sweep.metric);
  if (rows.empty()) {
    lines.push_back(no_outcome_line(view));
  } else {
    const TextChart chart = history(view);
    lines.push_back(fmt::format("{}  best so far {} (line), trials by number (marks)", metric,
                                score(*rows[0], view.config.sweep.metric)));
    const int height = style.rows - static_cast<int>(lines.size() + below.size()) - 1;
    if (height >= least_chart_rows) {
      const std::vector<std::string> drawn = draw_chart(chart, style.columns, height, style);
      lines.insert(lines.end(), drawn.begin(), drawn.end());
    }
  }
  lines.insert(lines.end(), below.begin(), below.end());
  for (std::string& line : lines) {
    if (line.find('\x1b') == std::string::npos) line = fit(line, style.columns);  // charts keep to it themselves
  }
  if (lines.size() > static_cast<std::size_t>(style.rows)) lines.resize(static_cast<std::size_t>(style.rows));
  return lines;
}

}  // namespace shoal
