// What `shoal watch` shows, as text.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/config/keys.hpp"
#include "shoal/show/watch.hpp"
#include "shoal/train/progress.hpp"
#include "show/text_chart.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_nudges = 6;

std::string headline(const RunView& view) {
  std::string text = view.run + (view.paused ? "  paused" : view.under_way ? "  under way" : "  ended");
  if (!view.last) return text + ", no step yet";
  text += fmt::format("  step {}", view.last->step);
  if (view.now.train.steps > 0) {
    text += fmt::format(" of {}, epoch {}", view.now.train.steps, view.last->epoch);
  } else {
    text += fmt::format(", epoch {} of {}", view.last->epoch, view.now.train.epochs);
  }
  return text + fmt::format("  {:.0f} samples/s", view.last->samples_per_second);
}

/// `loss  0.1234 train (line)  0.2 validation (marks), best 0.19 at step 400`
std::string legend(const RunView& view, const std::string& name, std::optional<double> training,
                   const std::vector<RunView::Point>& marks, bool less_is_better) {
  std::string text = name;
  if (training) text += fmt::format("  {:.4g} train (line)", *training);
  if (marks.empty()) return text;
  const auto better = [&](const RunView::Point& a, const RunView::Point& b) {
    return less_is_better ? a.value < b.value : a.value > b.value;
  };
  const RunView::Point best = *std::min_element(marks.begin(), marks.end(), better);
  return text + fmt::format("  {:.4g} {} (marks), best {:.4g} at step {}", marks.back().value,
                            view.evaluations.back().split, best.value, best.step);
}

/// `[=====>   ] 42 %  3:12 gone, 4:20 left`; empty where nothing is known of that.
std::string progress_line(const RunView& view, int columns) {
  if (!view.last) return "";
  const std::int64_t total = view.total_steps();
  const double gone = view.seconds_before + view.last->time;
  std::string text =
      std::isfinite(gone) && gone > 0.0 ? format_duration(gone) + (view.under_way ? " gone" : " taken") : "";
  if (total <= 0) return text;
  const std::int64_t left = std::max<std::int64_t>(0, total - view.last->step);
  const std::int64_t timed = view.last->step - view.first->step;
  if (view.under_way && timed > 0)
    text += fmt::format(", {} left", format_duration((view.last->time - view.first->time) / static_cast<double>(timed) *
                                                     static_cast<double>(left)));
  const std::string words = text.empty() ? "" : "  " + text;
  const double share = static_cast<double>(view.last->step) / static_cast<double>(total);
  return progress_bar(share, columns - static_cast<int>(words.size())) + words;
}

/// The keys that somebody has chosen or nudged, without those that do nothing and those of the data.
std::vector<std::string> shown_keys(const RunView& view) {
  std::vector<std::string> chosen;
  for (const config_keys::Key* key : config_keys::given(view.start)) chosen.push_back(key->name);
  std::vector<std::string> shown;
  for (const config_keys::Key& key : config_keys::keys()) {
    const bool is_chosen = std::find(chosen.begin(), chosen.end(), key.name) != chosen.end();
    const bool is_nudged =
        may_be_nudged(key.name) && value_text(view.now, key.name) != value_text(view.start, key.name);
    const bool says_how = (key.flags & config_keys::path) == 0 && !key.name.starts_with("sweep.");
    if ((is_chosen || is_nudged) && says_how && is_written(key, view.now) && config_keys::idle(key, view.now).empty())
      shown.push_back(key.name);
  }
  return shown;
}

/// `optimizer.learning_rate = 0.0003 (nudged)`, as many to a line as fit.
std::vector<std::string> hyperparameters(const RunView& view, int columns) {
  std::vector<std::string> lines = {""};
  const auto put = [&](const std::string& word) {
    const bool fits = lines.back().size() + word.size() + 2 <= static_cast<std::size_t>(columns);
    if (!lines.back().empty() && !fits) lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : "  ") + word;
  };
  for (const std::string& key : shown_keys(view)) {
    const std::string value = value_text(view.now, key);
    put(fmt::format("{} = {}{}", key, value, value != value_text(view.start, key) ? " (nudged)" : ""));
  }
  if (view.last) put(fmt::format("rate by schedule = {:.4g}", view.last->learning_rate));
  return lines;
}

std::vector<std::string> nudge_lines(const RunView& view) {
  const std::vector<Nudge>& nudges = view.journal.nudges();
  if (nudges.empty()) return {"no nudges"};
  const std::size_t hidden = nudges.size() - std::min(nudges.size(), most_nudges);
  std::vector<std::string> lines = {fmt::format("{} {}{}", nudges.size(), nudges.size() == 1 ? "nudge" : "nudges",
                                                hidden > 0 ? fmt::format(", the last {}", most_nudges) : "")};
  const std::int64_t done = view.last ? view.last->step : 0;
  for (std::size_t i = hidden; i < nudges.size(); ++i) {
    lines.push_back(fmt::format("  from step {}  {}{}", nudges[i].step, nudges[i].assignment(),
                                nudges[i].step > done ? "  (to come)" : ""));
  }
  return lines;
}

}  // namespace

std::vector<std::string> draw_frame(const RunView& view, const FrameStyle& style) {
  std::vector<RunView::Point> losses;
  std::vector<RunView::Point> accuracies;
  std::vector<RunView::Point> metrics;
  std::string metric;  // that of train.metric, which tells more than accuracy
  for (const EvaluationRecord& e : view.evaluations) {
    losses.push_back({e.step, e.loss});
    if (e.accuracy) accuracies.push_back({e.step, *e.accuracy});
    if (e.metric.empty()) continue;
    metric = e.metric;
    metrics.push_back({e.step, e.value});
  }
  const bool has_metric = !metrics.empty();
  const std::vector<RunView::Point>& judged = has_metric ? metrics : accuracies;
  std::vector<std::string> below = hyperparameters(view, style.columns);
  const std::vector<std::string> nudges = nudge_lines(view);
  below.insert(below.end(), nudges.begin(), nudges.end());
  std::vector<std::string> lines = {fit(headline(view), style.columns)};
  const int least_chart = least_chart_rows + 2;
  const std::string progress = progress_line(view, style.columns);
  if (!progress.empty() && style.rows > least_chart + 1) lines.push_back(fit(progress, style.columns));
  // A chart says more than the last of what is below.
  const int room_below = style.rows - static_cast<int>(lines.size()) - least_chart;
  if (room_below >= 0) below.resize(std::min(below.size(), static_cast<std::size_t>(room_below)));

  // A chart has a legend above and the steps below. The loss gets the larger half.
  const int room = style.rows - static_cast<int>(lines.size() + below.size());
  const bool both = !judged.empty() && room >= 2 * (least_chart_rows + 2);
  const int second = both ? std::max(room * 2 / 5, least_chart_rows + 2) : 0;
  const auto add_chart = [&](const std::string& title, const TextChart& chart, int rows) {
    lines.push_back(fit(title, style.columns));
    if (rows - 2 < least_chart_rows) return;
    const std::vector<std::string> drawn = draw_chart(chart, style.columns, rows - 2, style);
    lines.insert(lines.end(), drawn.begin(), drawn.end());
  };
  const auto latest = view.last ? std::optional(view.last->loss) : std::nullopt;
  const TextChart loss{view.loss, losses};
  add_chart(legend(view, "loss", latest, losses, true), loss, room - second);
  const bool less_is_better = has_metric && !higher_is_better(view.start.train.metric);
  const TextChart other{{}, judged};
  if (both) add_chart(legend(view, has_metric ? metric : "accuracy", {}, judged, less_is_better), other, second);
  for (const std::string& line : below) lines.push_back(fit(line, style.columns));
  if (lines.size() > static_cast<std::size_t>(style.rows)) lines.resize(static_cast<std::size_t>(style.rows));
  return lines;
}

}  // namespace shoal
