#include "shoal/infer/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "shoal/core/elementary.hpp"

namespace shoal {
namespace {

constexpr std::size_t calibration_bins = 15;

/// A sum with what rounding lost added at the end. Source: Neumaier, Rundungsfehleranalyse einiger Verfahren zur
/// Summation endlicher Summen (1974).
class Sum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    lost_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
  }
  double value() const { return sum_ + lost_; }

 private:
  double sum_ = 0.0;
  double lost_ = 0.0;
};

double weight_of(std::span<const double> weights, std::size_t row) { return weights.empty() ? 1.0 : weights[row]; }

std::optional<double> quotient(double dividend, double divisor) {
  return divisor > 0.0 ? std::optional(dividend / divisor) : std::nullopt;
}

/// Mean of what is there; nothing where nothing is.
class Mean {
 public:
  void add(const std::optional<double>& value, double weight = 1.0) {
    if (!value) return;
    sum_.add(*value * weight);
    weights_.add(weight);
  }
  std::optional<double> value() const { return quotient(sum_.value(), weights_.value()); }

 private:
  Sum sum_, weights_;
};

std::size_t bin_of(double confidence) {
  const double place = std::ceil(confidence * calibration_bins) - 1.0;
  return static_cast<std::size_t>(std::clamp(place, 0.0, calibration_bins - 1.0));
}

TrueAgainstPredicted lay_against(std::span<const double> targets, std::span<const double> predicted,
                                 std::span<const double> weights) {
  if (targets.empty()) return {};
  const auto [least_true, most_true] = std::minmax_element(targets.begin(), targets.end());
  const auto [least, most] = std::minmax_element(predicted.begin(), predicted.end());
  constexpr std::size_t side = TrueAgainstPredicted::side;
  TrueAgainstPredicted against{std::min(*least_true, *least), std::max(*most_true, *most),
                               std::vector<double>(side * side)};
  const auto square = [&](double value) {
    const double share = against.high > against.low ? (value - against.low) / (against.high - against.low) : 0.0;
    return std::min(side - 1, static_cast<std::size_t>(share * side));
  };
  for (std::size_t row = 0; row < targets.size(); ++row)
    against.weights[square(targets[row]) * side + square(predicted[row])] += weight_of(weights, row);
  return against;
}

/// "a", "a and b", "a, b and 3 more".
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i)
    text += (i == 0 ? "" : (i + 1 == names.size() ? " and " : ", ")) + names[i];
  return names.size() > most ? fmt::format("{} and {} more", text, names.size() - most) : text;
}

}  // namespace

Ranking rank_by_score(std::span<const double> scores, std::span<const std::uint8_t> is_of_class,
                      std::span<const double> weights) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return scores[a] > scores[b] || (scores[a] == scores[b] && a < b); });
  Sum of_class, others;
  for (const std::size_t row : order) (is_of_class[row] != 0 ? of_class : others).add(weight_of(weights, row));
  const double all = of_class.value();
  if (!(all > 0.0 && others.value() > 0.0)) return {};
  Sum right, wrong, area, precision;
  double right_before = 0.0;
  double wrong_before = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    (is_of_class[order[i]] != 0 ? right : wrong).add(weight_of(weights, order[i]));
    if (i + 1 < order.size() && scores[order[i + 1]] == scores[order[i]]) continue;  // one threshold for ties
    const double r = right.value();
    const double w = wrong.value();
    area.add((w - wrong_before) * (r + right_before) / 2.0);
    if (r > right_before) precision.add((r - right_before) * (r / (r + w)));
    right_before = r;
    wrong_before = w;
  }
  return {area.value() / all / others.value(), precision.value() / all};
}

OutputJudgement judge_output(std::string name, std::span<const double> targets, std::span<const double> predicted,
                             std::span<const double> weights) {
  Sum total, sum, squares, sizes;
  for (std::size_t row = 0; row < targets.size(); ++row) {
    const double weight = weight_of(weights, row);
    const double error = targets[row] - predicted[row];
    total.add(weight);
    sum.add(weight * targets[row]);
    squares.add(weight * (error * error));
    sizes.add(weight * std::fabs(error));
  }
  const double mean = sum.value() / total.value();
  Sum spread;
  bool constant = true;
  std::optional<double> first;
  for (std::size_t row = 0; row < targets.size(); ++row) {
    const double weight = weight_of(weights, row);
    spread.add(weight * ((targets[row] - mean) * (targets[row] - mean)));
    if (weight > 0.0) constant &= targets[row] == first.value_or(targets[row]);
    if (weight > 0.0) first = targets[row];
  }
  OutputJudgement judged{
      std::move(name), std::sqrt(squares.value() / total.value()), sizes.value() / total.value(), {}};
  const double r2 = 1.0 - squares.value() / spread.value();
  if (!constant && std::isfinite(r2)) judged.r2 = r2;  // squares of targets below 1e-154 may be 0
  judged.against = lay_against(targets, predicted, weights);
  return judged;
}

void judge_as_probability(OutputJudgement& output, std::span<const double> targets, std::span<const double> predicted,
                          std::span<const double> weights) {
  std::vector<std::uint8_t> of_class(targets.size());
  Mean right;
  for (std::size_t row = 0; row < targets.size(); ++row) {
    of_class[row] = targets[row] > 0.5 ? 1 : 0;
    right.add((predicted[row] > 0.5) == (targets[row] > 0.5) ? 1.0 : 0.0, weight_of(weights, row));
  }
  const Ranking ranking = rank_by_score(predicted, of_class, weights);
  output.accuracy = right.value();
  output.auc = ranking.auc;
  output.average_precision = ranking.average_precision;
}

ClassJudge::ClassJudge(std::vector<std::string> names, std::span<const std::int32_t> labels,
                       std::span<const std::int32_t> predicted, std::span<const double> confidence,
                       std::span<const double> weights)
    : names_(std::move(names)), labels_(labels), predicted_(predicted), confidence_(confidence), weights_(weights) {
  Sum total;
  for (std::size_t row = 0; row < labels_.size(); ++row) total.add(weight(row));
  total_ = total.value();
}

void ClassJudge::take(std::span<const double> probability) {
  const auto k = static_cast<std::int32_t>(rankings_.size());
  std::vector<std::uint8_t> of_class(labels_.size());
  Sum squares, surprise;
  for (std::size_t row = 0; row < labels_.size(); ++row) {
    of_class[row] = labels_[row] == k ? 1 : 0;
    const double error = probability[row] - (labels_[row] == k ? 1.0 : 0.0);
    squares.add(weight(row) * (error * error));
    if (labels_[row] == k) surprise.add(weight(row) * -elementary::log(std::max(probability[row], least_probability)));
  }
  rankings_.push_back(rank_by_score(probability, of_class, weights_));
  squares_.push_back(squares.value());
  surprises_.push_back(surprise.value());
}

void ClassJudge::count(Evaluation& evaluation) const {
  const std::size_t k = names_.size();
  std::vector<Sum> cells(k <= most_confused ? k * k : 0);
  std::vector<Sum> rows(k), predictions(k), right(k);
  for (std::size_t row = 0; row < labels_.size(); ++row) {
    const auto label = static_cast<std::size_t>(labels_[row]);
    const auto predicted = static_cast<std::size_t>(predicted_[row]);
    rows[label].add(weight(row));
    predictions[predicted].add(weight(row));
    if (label == predicted) right[label].add(weight(row));
    if (!cells.empty()) cells[label * k + predicted].add(weight(row));
  }
  for (const Sum& cell : cells) evaluation.confusion.push_back(cell.value());
  for (std::size_t c = 0; c < k; ++c) {
    ClassJudgement& judged = evaluation.classes.emplace_back();
    judged.name = names_[c];
    judged.support = rows[c].value();
    judged.precision = quotient(right[c].value(), predictions[c].value());
    judged.recall = quotient(right[c].value(), rows[c].value());
    judged.f1 = quotient(2.0 * right[c].value(), rows[c].value() + predictions[c].value());
  }
}

std::vector<CalibrationBin> ClassJudge::calibration() const {
  std::vector<Sum> weights(calibration_bins), confidences(calibration_bins), right(calibration_bins);
  for (std::size_t row = 0; row < confidence_.size(); ++row) {
    const std::size_t bin = bin_of(confidence_[row]);
    weights[bin].add(weight(row));
    confidences[bin].add(weight(row) * confidence_[row]);
    if (labels_[row] == predicted_[row]) right[bin].add(weight(row));
  }
  std::vector<CalibrationBin> bins;
  for (std::size_t bin = 0; bin < calibration_bins; ++bin) {
    const double of = weights[bin].value();
    bins.push_back(
        {of, quotient(confidences[bin].value(), of).value_or(0.0), quotient(right[bin].value(), of).value_or(0.0)});
  }
  return bins;
}

std::optional<double> ClassJudge::calibration_error() const {
  std::vector<Sum> surplus(calibration_bins);
  for (std::size_t row = 0; row < confidence_.size(); ++row) {
    surplus[bin_of(confidence_[row])].add(weight(row) *
                                          ((labels_[row] == predicted_[row] ? 1.0 : 0.0) - confidence_[row]));
  }
  Sum error;
  for (const Sum& bin : surplus) error.add(std::fabs(bin.value()));
  return quotient(error.value(), total_);
}

void ClassJudge::compare_with_constants(Evaluation& evaluation) const {
  const auto most = std::ranges::max_element(evaluation.classes, {}, &ClassJudgement::support);
  if (most == evaluation.classes.end() || !(most->support < total_)) return;  // nothing to tell apart
  Sum right, entropy;
  for (std::size_t row = 0; row < labels_.size(); ++row) {
    if (labels_[row] == predicted_[row]) right.add(weight(row));
  }
  for (const ClassJudgement& of : evaluation.classes) {
    if (of.support > 0.0) entropy.add(of.support * -elementary::log(of.support / total_));
  }
  const double least = entropy.value() / total_;
  if (right.value() <= most->support)
    evaluation.no_better.push_back(
        fmt::format("accuracy is no better than that of a constant: {} for every row has {:.4f}", most->name,
                    most->support / total_));
  if (evaluation.nll.value_or(0.0) >= least)
    evaluation.no_better.push_back(fmt::format(
        "nll is no better than that of a constant: the shares of the classes for every row have {:.4f}", least));
  evaluation.notes.insert(evaluation.notes.end(), evaluation.no_better.begin(), evaluation.no_better.end());
}

void ClassJudge::finish(Evaluation& evaluation) {
  count(evaluation);
  Mean recall, macro, by_support, auc, precision;
  std::vector<std::string> empty, unpredicted;
  for (std::size_t c = 0; c < names_.size(); ++c) {
    ClassJudgement& judged = evaluation.classes[c];
    judged.auc = rankings_[c].auc;
    judged.average_precision = rankings_[c].average_precision;
    recall.add(judged.recall);
    macro.add(judged.f1);
    by_support.add(judged.f1, judged.support);
    auc.add(judged.auc);
    precision.add(judged.average_precision);
    if (!judged.recall) empty.push_back(judged.name);
    if (!judged.precision) unpredicted.push_back(judged.name);
  }
  const bool two = names_.size() == 2;
  evaluation.balanced_accuracy = recall.value();
  evaluation.macro_f1 = macro.value();
  evaluation.weighted_f1 = by_support.value();
  evaluation.auc = two ? rankings_[1].auc : auc.value();
  evaluation.average_precision = two ? rankings_[1].average_precision : precision.value();
  Sum squares;
  for (std::size_t c = two ? 1 : 0; c < squares_.size(); ++c) squares.add(squares_[c]);
  evaluation.brier = quotient(squares.value(), total_);
  Sum surprise;
  for (const double of_class : surprises_) surprise.add(of_class);
  evaluation.nll = quotient(surprise.value(), total_);
  evaluation.ece = calibration_error();
  evaluation.calibration = calibration();
  compare_with_constants(evaluation);
  if (!empty.empty()) evaluation.notes.push_back("no rows of " + listed(empty) + ": no recall and no AUC of it");
  if (!unpredicted.empty()) evaluation.notes.push_back("nothing taken for " + listed(unpredicted) + ": no precision");
  if (!evaluation.auc) evaluation.notes.emplace_back("all rows are of one class: nothing to rank, so no AUC");
  if (names_.size() > 2 && evaluation.auc)
    evaluation.notes.emplace_back("auc and average_precision are means of each class against the rest");
}

IntervalJudgement judge_interval(std::string name, double nominal, std::span<const double> targets,
                                 std::span<const double> low, std::span<const double> high,
                                 std::span<const double> weights) {
  Mean inside, width;
  for (std::size_t row = 0; row < targets.size(); ++row) {
    inside.add(low[row] <= targets[row] && targets[row] <= high[row] ? 1.0 : 0.0, weight_of(weights, row));
    width.add(high[row] - low[row], weight_of(weights, row));
  }
  return {std::move(name), nominal, inside.value().value_or(0.0), width.value().value_or(0.0)};
}

void average_outputs(Evaluation& evaluation, std::span<const std::size_t> counted) {
  Mean rmse, mae, r2;
  std::vector<std::string> constant, worse;
  for (const std::size_t output : counted) {
    const OutputJudgement& judged = evaluation.outputs[output];
    rmse.add(judged.rmse);
    mae.add(judged.mae);
    r2.add(judged.r2);
    if (!judged.r2) constant.push_back(judged.name);
    if (judged.r2.value_or(1.0) <= 0.0) worse.push_back(judged.name);
  }
  evaluation.rmse = rmse.value();
  evaluation.mae = mae.value();
  evaluation.r2 = r2.value();
  if (!constant.empty()) evaluation.notes.push_back("the target of " + listed(constant) + " is constant: no R2");
  if (worse.empty()) return;
  evaluation.no_better.push_back("rmse of " + listed(worse) +
                                 " is no better than that of a constant, the mean of these rows: an r2 of 0 or less");
  evaluation.notes.push_back(evaluation.no_better.back());
}

void average_probabilities(Evaluation& evaluation) {
  Mean auc, precision;
  std::vector<std::string> constant;
  for (const OutputJudgement& judged : evaluation.outputs) {
    auc.add(judged.auc);
    precision.add(judged.average_precision);
    if (!judged.auc) constant.push_back(judged.name);
  }
  evaluation.auc = auc.value();
  evaluation.average_precision = precision.value();
  if (!constant.empty())
    evaluation.notes.push_back("all rows are of the class, or none is, of " + listed(constant) + ": no AUC of it");
}

}  // namespace shoal
