#include "shoal/infer/trained_model.hpp"

#include "shoal/core/error.hpp"

namespace shoal {

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

TrainedModel trained_model(const Archive& archive, WhichWeights which) {
  if (std::optional<Model> model = described_model(archive)) return {archive, *std::move(model), which};
  throw Error(ExitStatus::bad_data, archive.name +
                                        " is of a version that described its model by a config; shoal evaluate and "
                                        "shoal predict read it, or --resume it to write a new one");
}

}  // namespace shoal
