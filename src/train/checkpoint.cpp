#include "shoal/train/checkpoint.hpp"

#include <fmt/format.h>

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
  visit("best_step", p.best_step);
  visit("best_loss", p.best_loss);
  visit("least_loss", p.least_loss);
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
    // A version that knew one of the two losses wrote no least_loss.
    if (&value == static_cast<void*>(&p.least_loss) && archive.find(path) == nullptr) {
      if (p.best_step >= 0) p.least_loss = p.best_loss;
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

Config read_config(const Archive& archive) {
  try {
    return parse_config(archive.text(Names::config), "the config in " + archive.name, "/");
  } catch (const Error& e) {
    throw Error(ExitStatus::bad_data, e.what());
  }
}

std::vector<LayerSpec> layers_of(const ModelConfig& config) {
  if (!config.layers.empty()) return config.layers;
  MlpOptions options;
  options.hidden = config.depth > 0 ? std::vector<std::int64_t>(static_cast<std::size_t>(config.depth), config.width)
                                    : config.hidden;
  options.activation = config.activation;
  options.batch_norm = config.batch_norm.enabled;
  options.batch_norm_after_activation = config.batch_norm.position == "after_activation";
  options.batch_norm_epsilon = config.batch_norm.epsilon;
  options.batch_norm_momentum = config.batch_norm.momentum;
  options.dropout = config.dropout;
  options.init = config.init;
  return mlp_layers(options);
}

Model read_model(const Archive& archive) {
  if (auto model = described_model(archive)) return *std::move(model);
  Model model = configured_model(archive);
  require_arrays_of(archive, model);
  return model;
}

}  // namespace shoal
