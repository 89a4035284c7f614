#include "shoal/infer/reporter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/core/csv_cell.hpp"
#include "shoal/core/error.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

/// A float has this many times the deviation of a target at most for steps that are small against it: about 1e-6.
constexpr double most_deviations = 16.0;
/// Outside of these a value of some deviations may be subnormal or infinite as a float.
constexpr double least_deviation = 1e-30, most_deviation = 1e36;

bool tells_two_classes_by_one_output(const Model& model, const DataDescription& data) {
  return model.loss_kind().tells_classes && data.classes == 2 && model.outputs() == 1;
}

bool beyond_float(const Normalization& targets) {
  for (std::size_t k = 0; k < targets.mean.size(); ++k) {
    if (std::fabs(targets.mean[k]) > most_deviations * targets.deviation[k]) return true;
    if (targets.deviation[k] < least_deviation || targets.deviation[k] > most_deviation) return true;
  }
  return false;
}

std::vector<std::string> column_names(const Model& model, const DataDescription& data, const PredictionLayout& layout) {
  const auto columns = static_cast<std::size_t>(layout.columns);
  const std::vector<double>& levels = model.loss_kind().numbers.levels;
  const std::size_t targets = levels.empty() ? columns : columns / levels.size();
  std::vector<std::string> names;
  for (std::size_t k = 0; k < columns; ++k) {
    const std::size_t target = levels.empty() ? k : k / levels.size();
    const bool named = (data.classes == 0 || !layout.probabilities) && data.target_names.size() == targets;
    std::string name = named ? data.target_names[target] : fmt::format("output_{}", target);
    if (layout.probabilities) {
      const bool classes = data.class_names.size() == columns;
      name = fmt::format("p_{}", classes ? data.class_names[k] : (named ? name : std::to_string(k)));
    }
    names.push_back(levels.empty() ? name : fmt::format("{}_q{}", name, levels[k % levels.size()]));
  }
  return names;
}

}  // namespace

PredictionLayout::PredictionLayout(const TrainedModel& trained)
    : PredictionLayout(trained.model, trained.data, trained.targets) {}

PredictionLayout::PredictionLayout(const Model& model, const DataDescription& data, const Normalization& targets)
    : columns(tells_two_classes_by_one_output(model, data) ? 2 : model.outputs()),
      probabilities(model.loss_kind().tells_classes),
      labels(probabilities && data.classes > 0),
      levels(model.loss_kind().levels()),
      precise(beyond_float(targets)),
      class_names(data.class_names),
      names(column_names(model, data, *this)) {}

std::string header_line(const PredictionLayout& layout) {
  std::string line = layout.labels ? "label" : "";
  for (const std::string& name : layout.names) {
    if (!line.empty()) line += ',';
    line += csv_cell(name);
  }
  return line;
}

std::int64_t crossing_rows(const PredictionLayout& layout, const Predictions& made) {
  if (layout.levels == 1) return 0;
  const auto columns = static_cast<std::size_t>(layout.columns);
  const auto levels = static_cast<std::size_t>(layout.levels);
  const auto count_in = [&](const auto& values) {
    std::int64_t crossing = 0;
    for (std::size_t row = 0; row < values.size(); row += columns) {
      bool crosses = false;
      for (std::size_t k = 1; k < columns; ++k) crosses |= k % levels != 0 && values[row + k] < values[row + k - 1];
      crossing += crosses ? 1 : 0;
    }
    return crossing;
  };
  return layout.precise ? count_in(made.precise) : count_in(made.values);
}

std::string crossing_note(std::int64_t crossing, std::int64_t rows) {
  if (crossing == 0) return "";
  return fmt::format("quantiles cross in {} of {}: a higher level lies below a lower one", crossing,
                     counted(rows, "row"));
}

Reporter::Reporter(std::string name, const Model& model, const DataDescription& data, const Normalization& targets)
    : name_(std::move(name)),
      loss_(model.loss_kind()),
      layout_(model, data, targets),
      last_class_(static_cast<std::int32_t>(data.classes - 1)) {  // of one class the logit says nothing
  for (std::size_t k = 0; k < targets.mean.size(); ++k) {
    mean_.insert(mean_.end(), static_cast<std::size_t>(loss_.levels()), targets.mean[k]);
    deviation_.insert(deviation_.end(), static_cast<std::size_t>(loss_.levels()), targets.deviation[k]);
  }
}

bool Reporter::report(Panels<const float> outputs, std::int64_t row, std::span<double> reported,
                      std::int32_t& label) const {
  const std::span<double> z = reported.last(static_cast<std::size_t>(outputs.columns));
  for (std::size_t k = 0; k < z.size(); ++k) z[k] = static_cast<double>(outputs.at(row, static_cast<std::int64_t>(k)));
  if (!std::all_of(z.begin(), z.end(), [](double v) { return std::isfinite(v); })) return false;
  // Of the logits, as an evaluation judges them; float probabilities of several classes may be equal.
  if (layout_.labels) label = std::min(static_cast<std::int32_t>(class_of(z)), last_class_);
  loss_.report(z);
  for (std::size_t k = 0; k < mean_.size(); ++k) z[k] = z[k] * deviation_[k] + mean_[k];
  const auto is_taken = [&](double v) {
    return std::isfinite(layout_.precise ? v : static_cast<double>(static_cast<float>(v)));
  };
  if (!std::all_of(z.begin(), z.end(), is_taken)) return false;
  if (reported.size() > z.size()) reported[0] = 1.0 - z[0];  // the first of two classes
  return true;
}

void Reporter::refuse(const std::string& row_name) const {
  refuse_not_finite(fmt::format("what {} makes of {} is not finite", name_, row_name));
}

Predictions Reporter::report(Panels<const float> outputs, std::int64_t rows,
                             const std::function<std::string(std::int64_t)>& row_name) const {
  std::vector<double> reported(static_cast<std::size_t>(layout_.columns));
  std::int32_t label = 0;
  Predictions made;
  made.values.reserve(static_cast<std::size_t>(rows * layout_.columns));
  for (std::int64_t r = 0; r < rows; ++r) {
    if (!report(outputs, r, reported, label)) refuse(row_name(r));
    if (layout_.labels) made.labels.push_back(label);
    for (const double v : reported) made.values.push_back(static_cast<float>(v));
    if (layout_.precise) made.precise.insert(made.precise.end(), reported.begin(), reported.end());
  }
  return made;
}

void refuse_not_finite(const std::string& what) {
  throw Error(ExitStatus::diverged, what + "; use an earlier checkpoint, and look at the data");
}

}  // namespace shoal
