#include "run/init_from.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "shoal/comm/run_together.hpp"
#include "shoal/config/model_layers.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/train/loaded_checkpoint.hpp"

namespace shoal {
namespace {

/// Outputs that were learnt for one class or target may be meant for another, or begin as those of the wrong one.
/// @param what  "class" or "target"
void warn_of_other_outputs(const std::string& what, const std::vector<std::string>& ours,
                           const std::vector<std::string>& theirs, const std::string& start) {
  const std::size_t common = std::min(ours.size(), theirs.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (ours[i] == theirs[i]) continue;
    return log_warning(
        fmt::format("{} {} is \"{}\" here and \"{}\" in {}: its output begins as that of the other; if they are the "
                    "same, import the data with --like the set that was trained on",
                    what, i, ours[i], theirs[i], start));
  }
}

std::vector<LayerSpec> without_dropout(std::vector<LayerSpec> layers) {
  std::erase_if(layers, [](const LayerSpec& layer) { return layer.type == "dropout"; });
  return layers;
}

/// What parameters mean depends on what stands around them, too.
void warn_of_other_meaning(const Archive& start, const Training& training) {
  const Config& ours = training.config();
  const Config theirs = read_config(start);
  const Model& model = training.model();
  std::vector<std::string> differ;
  const auto compare = [&](const std::string& key) {
    const std::string before = value_text(theirs, key);
    const std::string now = value_text(ours, key);
    if (before != now) differ.push_back(fmt::format("{} (here {}, there {})", key, now, before));
  };
  compare("data.normalize");
  const auto loss = start.attribute<std::string>(CheckpointNames::loss);
  if (loss != model.loss_kind().name)
    differ.push_back(fmt::format("loss (here {}, there {})", model.loss_kind().name, loss));
  else if (loss == "quantile")
    compare("model.loss");  // its levels
  const bool scaled = !training.target_scaling().mean.empty();
  if (read_target_scaling(start, model.target_columns()).mean.empty() == scaled)
    differ.push_back(scaled ? "scale of targets (here standardised, there as they are)"
                            : "scale of targets (here as they are, there standardised)");
  if (without_dropout(layers_of(theirs.model)) != without_dropout(layers_of(ours.model))) {
    for (const char* key : {"model.activation", "model.batch_norm.position", "model.batch_norm.epsilon"}) compare(key);
    if (!theirs.model.layers.empty() || !ours.model.layers.empty()) differ.emplace_back("model.layers");
  }
  if (!differ.empty())
    log_warning(fmt::format("the parameters of {} were learnt with another {}: they may mean something else here",
                            start.name, fmt::join(differ, ", ")));
}

/// Inputs and targets are scaled by what is learnt here: where that is not what was learnt there, the model begins as
/// another function.
/// @param what   "feature" or "target"
/// @param names  of them, or empty
void warn_of_other_scale(const std::string& what, const std::vector<std::string>& names, const Normalization& ours,
                         const Normalization& theirs, const std::string& start) {
  constexpr double alike = 0.25;                                                   // of a deviation
  if (ours.mean.size() != theirs.mean.size() || ours.mode != theirs.mode) return;  // said elsewhere
  const auto moved = [&](std::size_t d) {
    const double smaller = std::min(ours.deviation[d], theirs.deviation[d]);
    const double larger = std::max(ours.deviation[d], theirs.deviation[d]);
    return std::fabs(ours.mean[d] - theirs.mean[d]) > alike * smaller || larger > (1.0 + alike) * smaller;
  };
  std::vector<std::size_t> found;
  for (std::size_t d = 0; d < ours.mean.size(); ++d) {
    if (moved(d)) found.push_back(d);
  }
  if (found.empty()) return;
  const std::size_t d = found.front();
  const std::string name = d < names.size() ? fmt::format("\"{}\"", names[d]) : fmt::format("{}", d);
  log_warning(fmt::format(
      "{} {} is {:.4g} +- {:.4g} in the rows to train on here and {:.4g} +- {:.4g} in those of {}{}: what the model "
      "sees is scaled by the rows here, so it does not begin as the function that it was there",
      what, name, ours.mean[d], ours.deviation[d], theirs.mean[d], theirs.deviation[d], start,
      found.size() > 1 ? fmt::format(", and {} differ as much", counted(std::ssize(found) - 1, "other")) : ""));
}

/// Where the losses differ in their outputs for a target, the shapes of a layer alone would not tell why it does not
/// fit.
void require_as_many_outputs(const Archive& start, const Training& training) {
  const Model& model = training.model();
  const auto loss = start.attribute<std::string>(CheckpointNames::loss);
  const auto outputs = start.attribute<std::int64_t>(CheckpointNames::outputs);
  const Loss& ours = model.loss_kind();
  const bool of_levels = loss == Loss::quantile.name || ours.name == Loss::quantile.name;
  if (!of_levels || outputs == model.outputs()) return;
  const auto told = [](std::string_view name, std::int64_t of_model) {
    return fmt::format("{}, of {}", name, counted(of_model, "output"));
  };
  throw Error(ExitStatus::bad_data,
              fmt::format("{} was trained by the loss {}, and the loss here is {}: its last layer does not fit; start "
                          "without it, or with its model.loss and targets",
                          start.name, told(loss, outputs), told(ours.name, model.outputs())));
}

}  // namespace

void start_from(const std::string& path, Training& training, Communicator& comm) {
  const Archive start = load_together(path, comm);
  run_together(comm, [&] {
    require_as_many_outputs(start, training);
    training.adopt(start);
  });
  const DataDescription theirs = read_description(start);
  const DataDescription& ours = training.data().description;
  warn_of_other_outputs("class", ours.class_names, theirs.class_names, start.name);
  if (ours.classes == 0 && theirs.classes == 0)
    warn_of_other_outputs("target", ours.target_names, theirs.target_names, start.name);
  warn_of_other_meaning(start, training);
  warn_of_other_scale("feature", ours.columns, training.encoding().normalization, read_encoding(start).normalization,
                      start.name);
  warn_of_other_scale("target", ours.target_names, training.target_scaling(),
                      read_target_scaling(start, training.model().target_columns()), start.name);
}

}  // namespace shoal
