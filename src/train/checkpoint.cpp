#include "shoal/train/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/config/model_layers.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

using Names = CheckpointNames;

/// Calls visit(name, number) for each number of a progress, of which a checkpoint has an array each.
template <class Progress, class Visit>
void each_number(Progress& p, const Visit& visit) {
  visit("step", p.step);
  visit("epoch", p.epoch);
  visit("position", p.position);
  visit("epoch_loss", p.epoch_loss);
  visit("epoch_right", p.epoch_right);
  visit("epoch_weight", p.epoch_weight);
  visit("best_step", p.best_step);
  visit("best_loss", p.best_loss);
  visit("best_score", p.best_score);
  visit("least_loss", p.least_score);  // its name from when the loss alone decided
  visit("stale_evaluations", p.stale_evaluations);
}

/// Of a version that wrote no description of the model.
Model configured_model(const Archive& archive) {
  const Config config = read_config(archive);
  try {
    return {archive.attribute<std::int64_t>(Names::inputs), layers_of(config.model),
            archive.attribute<std::int64_t>(Names::outputs), Loss::named(archive.attribute<std::string>(Names::loss)),
            config.model.init};
  } catch (const Error& e) {
    throw Error(ExitStatus::bad_data, archive.name + ": " + e.what());
  }
}

}  // namespace

void write_progress(Archive& archive, const RunProgress& progress) {
  each_number(progress,
              [&](const char* name, auto value) { archive.put(make_scalar(Names::in(Names::progress, name), value)); });
}

RunProgress read_progress(const Archive& archive) {
  RunProgress p;
  each_number(p, [&](const char* name, auto& value) {
    const std::string path = Names::in(Names::progress, name);
    const auto is = [&value = value](const auto& member) { return static_cast<void*>(&value) == &member; };
    // Versions before these numbers: all rows counted alike, and the loss alone decided.
    if (archive.find(path) == nullptr && is(p.epoch_weight)) {
      p.epoch_weight = static_cast<double>(p.position);
    } else if (archive.find(path) == nullptr && is(p.best_score)) {
      p.best_score = p.best_loss;
    } else if (archive.find(path) == nullptr && is(p.least_score)) {
      if (p.best_step >= 0) p.least_score = p.best_loss;
    } else {
      value = archive.scalar<std::remove_reference_t<decltype(value)>>(path);
    }
  });
  constexpr std::int64_t most_steps = std::int64_t{1} << 40;  // more would overflow when samples are counted
  if (p.step < 0 || p.step > most_steps || p.epoch < 1 || p.epoch > most_steps || p.position < 0)
    throw Error(ExitStatus::bad_data, fmt::format("{}: progress of step {}, epoch {}, position {} cannot be",
                                                  archive.name, p.step, p.epoch, p.position));
  return p;
}

void write_class_weights(Archive& archive, const std::vector<double>& weights) {
  archive.put(make_array<double>(Names::class_weights, {std::ssize(weights)}, weights));
}

std::vector<double> read_class_weights(const Archive& archive, std::int64_t classes) {
  if (archive.find(Names::class_weights) == nullptr) return {};
  const auto weights = archive.array(Names::class_weights).values<double>();
  const bool sound = std::all_of(weights.begin(), weights.end(), [](double w) { return w >= 0.0 && std::isfinite(w); });
  if (std::ssize(weights) != classes || !sound)
    throw Error(ExitStatus::bad_data, fmt::format("{}: its {} weights of classes are none of {} classes", archive.name,
                                                  weights.size(), classes));
  return {weights.begin(), weights.end()};
}

Config read_config(const Archive& archive) {
  try {
    Config config = parse_config(archive.text(Names::config), "the config in " + archive.name, "/");
    take_targets_as_before(config);
    return config;
  } catch (const Error& e) {
    throw Error(ExitStatus::bad_data, e.what());
  }
}

Model read_model(const Archive& archive) {
  if (auto model = described_model(archive)) return *std::move(model);
  Model model = configured_model(archive);
  require_arrays_of(archive, model);
  return model;
}

}  // namespace shoal
