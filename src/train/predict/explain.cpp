#include "train/predict/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"
#include "shoal/core/random.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/data_check.hpp"
#include "train/data/scale_check.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_pixels = 64;  // of images without names of columns

/// Null for the loss.
const EvaluationMetric* metric_named(const std::string& name) {
  const EvaluationMetric* metric = evaluation_metric(name);
  if (metric == nullptr && name != "loss")
    throw Error(ExitStatus::usage,
                fmt::format("--metric {} is none; {}", name, meant_or_all(name, explained_metrics())));
  return metric;
}

/// A feature of the model, by its number in rows of the split.
struct Explained {
  std::string name;
  std::int64_t column;
};

std::vector<Explained> columns_to_explain(const Member& member, const Dataset& data, const Split& split,
                                          const ColumnMatch& match) {
  const TrainedModel& trained = member.trained;
  const std::vector<std::string>& names = trained.data.columns.empty() ? split.columns() : trained.data.columns;
  const std::int64_t features = trained.features();
  if (names.empty() && data.shape().size() > 1 && features > most_pixels)
    throw Error(ExitStatus::usage,
                fmt::format("{} holds images of {} pixels, of which none matters by itself; explain takes tables, and "
                            "images of {} pixels at most",
                            data.path(), features, most_pixels));
  std::vector<Explained> columns;
  for (std::int64_t d = 0; d < features; ++d) {
    const auto at = static_cast<std::size_t>(d);
    columns.push_back({at < names.size() ? names[at] : std::to_string(d),
                       match.source.empty() ? d : static_cast<std::int64_t>(match.source[at])});
  }
  return columns;
}

/// A column of the split, a number a row.
std::vector<double> values_of(const Split& split, std::int64_t column) {
  const auto width = static_cast<std::size_t>(split.features());
  const std::int64_t at_once = std::max<std::int64_t>(1, (std::int64_t{1} << 20) / split.features());
  std::vector<double> column_values;
  column_values.reserve(static_cast<std::size_t>(split.rows()));
  std::vector<double> rows_values;
  std::vector<std::int64_t> rows;
  for (std::int64_t first = 0; first < split.rows(); first += at_once) {
    rows.resize(static_cast<std::size_t>(std::min(at_once, split.rows() - first)));
    std::iota(rows.begin(), rows.end(), first);
    rows_values.resize(rows.size() * width);
    split.read_values(rows, rows_values);
    for (std::size_t at = static_cast<std::size_t>(column); at < rows_values.size(); at += width)
      column_values.push_back(rows_values[at]);
  }
  return column_values;
}

/// Fisher-Yates, by counter.
void hand_round(std::vector<double>& values, const RandomSource& source) {
  for (std::size_t i = values.size(); i-- > 1;) std::swap(values[i], values[source.below(i + 1, i)]);
}

class Explainer {
 public:
  Explainer(Member& member, const Dataset& data, const Split& split, const EvaluationMetric* metric)
      : member_(member), data_(data), split_(split), metric_(metric) {}

  /// Collective.
  Explanation explain(const ExplainOptions& options) {
    std::vector<Explained> columns;
    run_together(member_.comm, [&] { columns = open(); });
    Explanation explanation{options.metric, judge(), split_.rows(), {}};
    pass_->say_strange(member_.comm, said_);
    for (std::size_t c = 0; c < columns.size(); ++c) {
      ColumnImportance importance{columns[c].name, {}, 0.0, 0.0};
      std::vector<double> values;
      run_together(member_.comm, [&] { values = values_of(split_, columns[c].column); });
      for (std::int64_t repeat = 0; repeat < options.repeats; ++repeat) {
        std::vector<double> permuted = values;
        // A lane of its own: the epochs of a training with this seed shuffle their rows by lane 0.
        hand_round(permuted, RandomSource(options.seed, Purpose::shuffle_rows, static_cast<std::uint64_t>(repeat),
                                          static_cast<std::uint32_t>(c + 1)));
        pass_->feeder.replace_column({columns[c].column, permuted});
        const double score = judge();
        importance.repeats.push_back(metric_ != nullptr && metric_->higher_is_better ? explanation.score - score
                                                                                     : score - explanation.score);
      }
      summarise(importance);
      explanation.columns.push_back(std::move(importance));
    }
    std::stable_sort(explanation.columns.begin(), explanation.columns.end(),
                     [](const auto& a, const auto& b) { return a.mean > b.mean; });
    return explanation;
  }

 private:
  bool by_judge() const { return metric_ != nullptr && metric_->value != &Evaluation::accuracy; }

  std::vector<Explained> open() {
    const TrainedModel& trained = member_.trained;
    if (split_.rows() < 2)
      throw Error(ExitStatus::bad_data,
                  fmt::format("split \"{}\" of {} has {}, and values are handed round among rows; give it more",
                              split_.name(), data_.path(), counted(split_.rows(), "row")));
    ColumnMatch match = match_member(member_, data_, split_, said_);
    std::vector<Explained> columns = columns_to_explain(member_, data_, split_, match);
    check_member_targets(member_, data_, split_, said_);
    if (member_.comm.rank() == 0) check_scale(split_, data_.path(), match, trained);
    if (by_judge())
      check_judge_memory(data_.path(), split_.rows(), trained.model.outputs(), HostLoad::of(member_.comm));
    pass_.emplace(member_, std::move(match), std::min(split_.rows(), std::max(prediction_block, member_.leaf_samples)));
    return columns;
  }

  /// Collective. The metric of the rows as they are fed.
  double judge() {
    const TrainedModel& trained = member_.trained;
    std::optional<SplitJudge> judge;
    if (by_judge()) judge.emplace(trained.model, trained.data, trained.targets);
    const Evaluation evaluation = evaluate_split(pass_->feeder, trained.data.classes, split_, member_.leaf_samples,
                                                 pass_->rows.capacity(), member_.comm, judge ? &*judge : nullptr);
    const std::optional<double> score = metric_ == nullptr ? evaluation.loss : evaluation.*metric_->value;
    run_together(member_.comm, [&] {
      if (!std::isfinite(evaluation.loss))
        refuse_not_finite(fmt::format("the loss of {} on split \"{}\" of {} is not finite", trained.path, split_.name(),
                                      data_.path()));
      if (!score)
        throw Error(ExitStatus::usage, fmt::format("--metric {} cannot be told of split \"{}\" of {}{}; use another",
                                                   metric_->name, split_.name(), data_.path(), obstacle(evaluation)));
    });
    return *score;
  }

  /// Why the metric has no value.
  std::string obstacle(const Evaluation& evaluation) const {
    const bool classes = member_.layout.labels;
    if (metric_->of_classes != classes)
      return classes ? ": it is of numbers, and the model predicts classes"
                     : ": it is of classes, and the model predicts none";
    std::string why;
    for (const std::string& note : evaluation.notes) why += "; " + note;
    return why;
  }

  static void summarise(ColumnImportance& importance) {
    const auto count = static_cast<double>(importance.repeats.size());
    for (const double repeat : importance.repeats) importance.mean += repeat;
    importance.mean /= count;
    double squares = 0.0;
    for (const double repeat : importance.repeats) {
      const double off = repeat - importance.mean;
      squares += off * off;
    }
    importance.deviation = std::sqrt(squares / count);
  }

  Member& member_;
  const Dataset& data_;
  const Split& split_;
  const EvaluationMetric* metric_;  // null: the loss
  Said said_;
  std::optional<MemberPass> pass_;
};

}  // namespace

std::vector<std::string> explained_metrics() {
  std::vector<std::string> names{"loss"};
  for (const EvaluationMetric& metric : evaluation_metrics) names.emplace_back(metric.name);
  return names;
}

Explanation explain_member(Member& member, const Dataset& data, const Split& split, const ExplainOptions& options) {
  const Watchdog watchdog(member.comm, member.stall_timeout);
  const Doing doing(Activity::evaluating);
  const EvaluationMetric* metric = nullptr;
  run_together(member.comm, [&] { metric = metric_named(options.metric); });
  return Explainer(member, data, split, metric).explain(options);
}

}  // namespace shoal
