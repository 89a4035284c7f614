#include "shoal/infer/prediction_pass.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/core/error.hpp"
#include "shoal/io/memory_limit.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

constexpr std::int64_t rows_per_task = 32;  // changes no bit: what becomes of a row depends on that row alone

bool tells_two_classes_by_one_output(const TrainedModel& trained) {
  return trained.model.loss_kind().tells_classes && trained.data.classes == 2 && trained.model.outputs() == 1;
}

std::int64_t affordable(std::int64_t capacity, const TrainedModel& trained, int processes_on_host) {
  double columns = 0.0;
  for (const Node& node : trained.model.graph().nodes()) {
    if (node.shape.per_sample)
      columns += (node.needs_gradient ? 2.0 : 1.0) * static_cast<double>(padded_size(1, node.shape.columns));
  }
  const double bytes = columns * static_cast<double>(capacity) * sizeof(float);
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

TrainedModel::TrainedModel(const Archive& archive, Model made)
    : path(archive.name),
      model(std::move(made)),
      data(read_description(archive)),
      step(archive.scalar<std::int64_t>(CheckpointNames::step)),
      encoding(read_encoding(archive)),
      parameters(model.graph().parameter_size()),
      states(static_cast<std::size_t>(model.graph().state_size())) {
  require_layers_for(encoding, model, path);
  read_parameters(archive, CheckpointNames::parameters, model.graph(), parameters.span());
  read_states(archive, CheckpointNames::statistics, model.graph(), states);
}

PredictionLayout::PredictionLayout(const TrainedModel& trained)
    : columns(tells_two_classes_by_one_output(trained) ? 2 : trained.model.outputs()),
      probabilities(trained.model.loss_kind().tells_classes),
      labels(probabilities && trained.data.classes > 0),
      class_names(trained.data.class_names) {}

PredictionPass::PredictionPass(TrainedModel& trained, std::int64_t capacity, TreeSum& sums, int processes_on_host)
    : trained_(trained),
      layout_(trained),
      capacity_(affordable(capacity, trained, processes_on_host)),
      executor_(trained.model.graph(), capacity_, sums) {
  executor_.bind(trained.parameters.data(), trained.states);
}

Predictions PredictionPass::predict(std::int64_t rows, const std::function<std::string(std::int64_t)>& row_name) {
  const Model& model = trained_.model;
  const LeafShare share(LeafCut{rows, rows_per_task});
  executor_.forward({&share, share.range(), false, 0, 0, {}}, model.logits());
  const Panels<const float> logits = executor_.value(model.logits());
  std::vector<double> z(static_cast<std::size_t>(model.outputs()));
  const auto last_class = static_cast<std::int32_t>(trained_.data.classes - 1);  // of one class the logit says nothing
  const bool first_of_two = static_cast<std::size_t>(layout_.columns) > z.size();
  Predictions made;
  made.values.reserve(static_cast<std::size_t>(rows * layout_.columns));
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::size_t k = 0; k < z.size(); ++k) z[k] = static_cast<double>(logits.at(r, static_cast<std::int64_t>(k)));
    if (!std::all_of(z.begin(), z.end(), [](double v) { return std::isfinite(v); }))
      refuse_not_finite(fmt::format("what {} makes of {} is not finite", trained_.path, row_name(r)));
    // Of the logits, as an evaluation judges them; float probabilities of several classes may be equal.
    if (layout_.labels) made.labels.push_back(std::min(static_cast<std::int32_t>(class_of(z)), last_class));
    model.loss_kind().report(z);
    if (first_of_two) made.values.push_back(static_cast<float>(1.0 - z[0]));
    for (const double v : z) made.values.push_back(static_cast<float>(v));
  }
  return made;
}

void refuse_not_finite(const std::string& what) {
  throw Error(ExitStatus::diverged, what + "; use an earlier checkpoint, and look at the data");
}

}  // namespace shoal
