#include "shoal/infer/prediction_pass.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/core/csv_cell.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/graph_cost.hpp"
#include "shoal/io/memory_limit.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

constexpr std::int64_t rows_per_task = 32;  // changes no bit: what becomes of a row depends on that row alone

/// A float has this many times the deviation of a target at most for steps that are small against it: about 1e-6.
constexpr double most_deviations = 16.0;

bool tells_two_classes_by_one_output(const Model& model, const DataDescription& data) {
  return model.loss_kind().tells_classes && data.classes == 2 && model.outputs() == 1;
}

bool beyond_float(const Normalization& targets) {
  for (std::size_t k = 0; k < targets.mean.size(); ++k) {
    if (std::fabs(targets.mean[k]) > most_deviations * targets.deviation[k]) return true;
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

std::int64_t affordable(std::int64_t capacity, const TrainedModel& trained, int processes_on_host) {
  const double bytes = kept_elements(trained.model.graph(), false) * static_cast<double>(capacity) * sizeof(float);
  const double most =
      std::min(static_cast<double>(host_memory()) / processes_on_host, static_cast<double>(process_memory()));
  if (bytes > most / 2.0)
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: {} samples at a time take about {:.3g} GB, more than half of the memory that "
                            "this process may use",
                            trained.path, capacity, bytes * 1e-9));
  return capacity;
}

}  // namespace

TrainedModel::TrainedModel(const Archive& archive, Model made, WhichWeights which)
    : path(archive.name),
      model(std::move(made)),
      data(read_description(archive)),
      step(archive.scalar<std::int64_t>(CheckpointNames::step)),
      encoding(read_encoding(archive)),
      targets(read_target_scaling(archive, model.target_columns())),
      parameters(model.graph().parameter_size()),
      states(static_cast<std::size_t>(model.graph().state_size())) {
  require_layers_for(encoding, model, path);
  const WeightGroups groups = weight_groups(archive, which);
  read_parameters(archive, groups.parameters, model.graph(), parameters.span());
  read_states(archive, groups.statistics, model.graph(), states);
  if (has_average(archive)) weights = which == WhichWeights::last ? "last" : "average";
}

PredictionLayout::PredictionLayout(const TrainedModel& trained)
    : PredictionLayout(trained.model, trained.data, trained.targets) {}

PredictionLayout::PredictionLayout(const Model& model, const DataDescription& data, const Normalization& targets)
    : columns(tells_two_classes_by_one_output(model, data) ? 2 : model.outputs()),
      probabilities(model.loss_kind().tells_classes),
      labels(probabilities && data.classes > 0),
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

Predictions Reporter::report(Panels<const float> outputs, std::int64_t rows,
                             const std::function<std::string(std::int64_t)>& row_name) const {
  std::vector<double> z(static_cast<std::size_t>(outputs.columns));
  const bool first_of_two = static_cast<std::size_t>(layout_.columns) > z.size();
  Predictions made;
  made.values.reserve(static_cast<std::size_t>(rows * layout_.columns));
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::size_t k = 0; k < z.size(); ++k) z[k] = static_cast<double>(outputs.at(r, static_cast<std::int64_t>(k)));
    if (!std::all_of(z.begin(), z.end(), [](double v) { return std::isfinite(v); }))
      refuse_not_finite(fmt::format("what {} makes of {} is not finite", name_, row_name(r)));
    // Of the logits, as an evaluation judges them; float probabilities of several classes may be equal.
    if (layout_.labels) made.labels.push_back(std::min(static_cast<std::int32_t>(class_of(z)), last_class_));
    loss_.report(z);
    for (std::size_t k = 0; k < mean_.size(); ++k) z[k] = z[k] * deviation_[k] + mean_[k];
    if (first_of_two) made.values.push_back(static_cast<float>(1.0 - z[0]));
    for (const double v : z) made.values.push_back(static_cast<float>(v));
    if (layout_.precise) made.precise.insert(made.precise.end(), z.begin(), z.end());
  }
  return made;
}

PredictionPass::PredictionPass(TrainedModel& trained, std::int64_t capacity, TreeSum& sums, int processes_on_host)
    : trained_(trained),
      reporter_(trained.path, trained.model, trained.data, trained.targets),
      capacity_(affordable(capacity, trained, processes_on_host)),
      executor_(trained.model.graph(), capacity_, sums) {
  executor_.bind(trained.parameters.data(), trained.states);
}

Predictions PredictionPass::predict(std::int64_t rows, const std::function<std::string(std::int64_t)>& row_name) {
  const Model& model = trained_.model;
  const LeafShare share(LeafCut{rows, rows_per_task});
  executor_.forward({&share, share.range(), false, 0, 0, {}}, model.logits());
  return reporter_.report(executor_.value(model.logits()), rows, row_name);
}

void refuse_not_finite(const std::string& what) {
  throw Error(ExitStatus::diverged, what + "; use an earlier checkpoint, and look at the data");
}

}  // namespace shoal
