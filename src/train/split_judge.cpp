#include "train/split_judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "shoal/comm/run_together.hpp"
#include "shoal/infer/metrics.hpp"
#include "train/data/sum_counts.hpp"

namespace shoal {
namespace {

/// Of targets that are shares of classes: the class of the largest; of a single one whether it is above 1/2.
void read_classes_of_shares(const Split& split, std::span<const std::int64_t> rows, std::span<std::int32_t> labels) {
  const auto width = static_cast<std::size_t>(split.outputs());
  std::vector<double> shares(rows.size() * width);
  split.read_target_values(rows, shares);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto row = std::span(shares).subspan(r * width, width);
    labels[r] = width == 1 ? (row[0] > 0.5 ? 1 : 0)
                           : static_cast<std::int32_t>(std::max_element(row.begin(), row.end()) - row.begin());
  }
}

/// On rank 0 what all ranks have, in the order of ranks; empty elsewhere.
template <class T>
std::vector<T> gathered(const std::vector<T>& mine, const Communicator& comm) {
  std::vector<T> all;
  for (const auto& bytes : comm.gather_bytes(std::as_bytes(std::span(mine)))) {
    const auto* first = reinterpret_cast<const T*>(bytes.data());
    all.insert(all.end(), first, first + bytes.size() / sizeof(T));
  }
  return all;
}

/// All numbers of an evaluation beside loss and accuracy, in one order; NaN for none.
class Numbers {
 public:
  /// write: from the evaluation to `numbers`, else back.
  Numbers(std::vector<double>& numbers, bool write) : numbers_(numbers), write_(write) {}

  void all(Evaluation& e) {
    for (const EvaluationMetric& metric : evaluation_metrics) {
      if (metric.value != &Evaluation::accuracy) one(e.*metric.value);
    }
    for (ClassJudgement& c : e.classes) {
      one(c.support);
      for (std::optional<double>* metric : {&c.precision, &c.recall, &c.f1, &c.auc, &c.average_precision}) one(*metric);
    }
    for (double& cell : e.confusion) one(cell);
    for (OutputJudgement& o : e.outputs) {
      one(o.rmse);
      one(o.mae);
      one(o.r2);
      for (std::optional<double>* metric : {&o.accuracy, &o.auc, &o.average_precision}) one(*metric);
    }
    for (IntervalJudgement& i : e.intervals) {
      one(i.nominal);
      one(i.coverage);
      one(i.width);
    }
  }

 private:
  void one(double& number) {
    if (write_) {
      numbers_.push_back(number);
    } else {
      number = numbers_[next_++];
    }
  }
  void one(std::optional<double>& number) {
    double value = number.value_or(std::numeric_limits<double>::quiet_NaN());
    one(value);
    number = std::isnan(value) ? std::nullopt : std::optional(value);
  }

  std::vector<double>& numbers_;
  bool write_;
  std::size_t next_ = 0;
};

/// From rank 0 to all. The others have as many classes and outputs, with their names.
void share(Evaluation& evaluation, const Communicator& comm) {
  std::vector<double> numbers;
  Numbers(numbers, true).all(evaluation);
  comm.broadcast(std::as_writable_bytes(std::span(numbers)));
  Numbers(numbers, false).all(evaluation);
  const std::int64_t count = comm.all_max(comm.rank() == 0 ? std::ssize(evaluation.notes) : 0);
  evaluation.notes.resize(static_cast<std::size_t>(count));
  for (std::string& note : evaluation.notes) comm.broadcast_string(note);
}

}  // namespace

SplitJudge::SplitJudge(const Model& model, const DataDescription& data, const Normalization& target_scaling)
    : SplitJudge(model, data, target_scaling, PredictionLayout(model, data, target_scaling)) {}

SplitJudge::SplitJudge(const Model& model, const DataDescription& data, const Normalization& target_scaling,
                       PredictionLayout layout)
    : reporter_("the model", model, data, target_scaling),
      layout_(std::move(layout)),
      class_names_(data.class_names),
      target_names_(data.target_names),
      levels_(model.loss_kind().numbers.levels),
      outputs_(static_cast<std::size_t>(model.outputs())),
      values_in_row_(static_cast<std::size_t>(layout_.columns)) {}

void SplitJudge::take(const Split& split, std::span<const std::int64_t> rows, Panels<const float> outputs,
                      std::span<const double> weights) {
  for (std::size_t r = 0; r < rows.size() && finite_; ++r) {
    for (std::int64_t k = 0; k < outputs.columns; ++k)
      finite_ &= std::isfinite(outputs.at(static_cast<std::int64_t>(r), k));
  }
  if (!finite_) return;
  const auto name = [&](std::int64_t r) { return split.row_name(rows[static_cast<std::size_t>(r)]); };
  take(split, rows, reporter_.report(outputs, static_cast<std::int64_t>(rows.size()), name), weights);
}

void SplitJudge::take(const Split& split, std::span<const std::int64_t> rows, const Predictions& made,
                      std::span<const double> weights) {
  classes_ = layout_.labels;
  crossing_ += crossing_rows(layout_, made);
  weights_.insert(weights_.end(), weights.begin(), weights.end());
  values_.insert(values_.end(), made.values.begin(), made.values.end());
  precise_.insert(precise_.end(), made.precise.begin(), made.precise.end());
  if (!classes_) {
    const std::size_t before = targets_.size();
    targets_.resize(before + rows.size() * static_cast<std::size_t>(std::max<std::int64_t>(1, split.outputs())));
    split.read_target_values(rows, std::span(targets_).subspan(before));
    return;
  }
  predicted_.insert(predicted_.end(), made.labels.begin(), made.labels.end());
  const std::size_t before = labels_.size();
  labels_.resize(before + rows.size());
  if (split.has_labels()) {
    split.read_labels(rows, std::span(labels_).subspan(before));
  } else {
    read_classes_of_shares(split, rows, std::span(labels_).subspan(before));
  }
  for (auto row = made.values.begin(); row != made.values.end(); row += static_cast<std::ptrdiff_t>(values_in_row_))
    confidence_.push_back(*std::max_element(row, row + static_cast<std::ptrdiff_t>(values_in_row_)));
}

std::vector<double> SplitJudge::column(std::size_t k) const {
  std::vector<double> numbers;
  for (std::size_t i = k; i < values_.size(); i += values_in_row_)
    numbers.push_back(precise_.empty() ? static_cast<double>(values_[i]) : precise_[i]);
  return numbers;
}

void SplitJudge::finish(Evaluation& evaluation, Communicator& comm) {
  if (comm.all_max(finite_ ? 0 : 1) != 0) return;
  classes_ = comm.all_max(classes_ ? 1 : 0) != 0;  // a rank without rows has not seen any
  if (classes_) {
    judge_classes(evaluation, comm);
  } else {
    judge_outputs(evaluation, comm);
  }
  share(evaluation, comm);
}

void SplitJudge::judge_classes(Evaluation& evaluation, Communicator& comm) {
  const std::vector<std::int32_t> labels = gathered(labels_, comm);
  const std::vector<std::int32_t> predicted = gathered(predicted_, comm);
  const std::vector<double> confidence = gathered(confidence_, comm);
  const std::vector<double> weights = gathered(weights_, comm);
  const bool root = comm.rank() == 0;
  ClassJudge judge(class_names_, labels, predicted, confidence, weights);
  for (std::size_t k = 0; k < class_names_.size(); ++k) {
    const std::vector<double> all = gathered(column(k), comm);
    run_together(comm, [&] {
      if (root) judge.take(all);
    });
  }
  run_together(comm, [&] {
    if (root) judge.finish(evaluation);
  });
  if (root) return;
  if (class_names_.size() <= most_confused) evaluation.confusion.resize(class_names_.size() * class_names_.size());
  for (const std::string& name : class_names_) evaluation.classes.emplace_back().name = name;
}

/// On rank 0, whose spans these are; the others take the place of it.
void SplitJudge::judge_interval_of(std::size_t target, std::span<const double> targets, std::span<const double> low,
                                   std::span<const double> high, std::span<const double> weights,
                                   Evaluation& evaluation) const {
  const std::string& name = target_names_.size() > target ? target_names_[target] : fmt::format("output_{}", target);
  evaluation.intervals.push_back(judge_interval(name, levels_.back() - levels_.front(), targets, low, high, weights));
}

void SplitJudge::judge_outputs(Evaluation& evaluation, Communicator& comm) {
  const std::size_t levels = std::max<std::size_t>(1, levels_.size());
  const std::size_t width = outputs_ / levels;  // targets of a row
  const std::size_t first = values_in_row_ - outputs_;
  const std::vector<double> weights = gathered(weights_, comm);
  std::vector<std::size_t> counted;
  std::size_t middle = 0;
  for (std::size_t i = 1; i < levels_.size(); ++i) {
    // Of two that are as near, the lower: as written, 0.05 and 0.95 are not.
    if (std::fabs(levels_[i] - 0.5) < std::fabs(levels_[middle] - 0.5) - 1e-12) middle = i;
  }
  std::vector<double> targets, low;
  for (std::size_t k = 0; k < outputs_; ++k) {
    if (k % levels == 0) {
      std::vector<double> mine;
      for (std::size_t i = k / levels; i < targets_.size(); i += width) mine.push_back(targets_[i]);
      targets = gathered(mine, comm);
    }
    std::vector<double> predicted = gathered(column(first + k), comm);
    // As the file calls them; p_ is of columns of predictions.
    const bool named = layout_.probabilities && target_names_.size() == outputs_;
    const std::string& name = named ? target_names_[k] : layout_.names[first + k];
    run_together(comm, [&] {
      evaluation.outputs.push_back(comm.rank() == 0 ? judge_output(name, targets, predicted, weights)
                                                    : OutputJudgement{name, 0.0, 0.0, {}});
      if (comm.rank() == 0 && layout_.probabilities)
        judge_as_probability(evaluation.outputs.back(), targets, predicted, weights);
    });
    if (k % levels == middle) counted.push_back(k);
    if (levels > 1 && k % levels + 1 == levels)
      judge_interval_of(k / levels, targets, low, predicted, weights, evaluation);
    if (k % levels == 0) low = std::move(predicted);
  }
  std::vector<double> crossing{static_cast<double>(crossing_)};
  sum_counts(crossing, comm);
  if (comm.rank() != 0) return;
  average_outputs(evaluation, counted);
  if (layout_.probabilities) average_probabilities(evaluation);
  if (levels_.empty()) return;
  const bool median = levels_[middle] == 0.5;
  if (levels_.size() > 1 || !median)
    evaluation.notes.push_back(fmt::format("rmse, mae and r2 are those of the level {}{}", levels_[middle],
                                           median ? "" : ", for none is 0.5: with that they would be of the median"));
  if (std::string note = crossing_note(static_cast<std::int64_t>(crossing[0]), evaluation.samples); !note.empty())
    evaluation.notes.push_back(std::move(note));
}

}  // namespace shoal
