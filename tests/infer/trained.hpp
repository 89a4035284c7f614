#pragma once

#include <vector>

#include "shoal/infer/checkpoint.hpp"

namespace shoal::tests {

/// The checkpoint of a model as it starts, for features of the mean 1 and the deviation 2.
inline Archive archive_of(const Model& model, DataDescription data) {
  Archive archive;
  archive.name = "c.h5";
  std::vector<float> parameters(static_cast<std::size_t>(model.graph().parameter_size()));
  std::vector<double> states(static_cast<std::size_t>(model.graph().state_size()));
  model.graph().initialize(7, parameters);
  model.graph().initialize_states(states);
  write_parameters(archive, CheckpointNames::parameters, model.graph(), parameters);
  write_states(archive, CheckpointNames::statistics, model.graph(), states);
  const auto inputs = static_cast<std::size_t>(model.inputs());
  write_encoding(archive, {{"standard", std::vector<double>(inputs, 1.0), std::vector<double>(inputs, 2.0)}, {}}, {});
  write_description(archive, model, data);
  archive.attributes[CheckpointNames::format_version] = checkpoint_format_version;
  archive.put(make_scalar(CheckpointNames::step, std::int64_t{12}));
  return archive;
}

}  // namespace shoal::tests
