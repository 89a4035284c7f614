#include "run/checkpoint_size.hpp"

#include <string>

#include "shoal/optim/optimizer.hpp"

namespace shoal {

std::int64_t checkpoint_bytes(const Training& training, const Config& config) {
  const Model& model = training.model();
  const auto moments = static_cast<std::int64_t>(Optimizer(config.optimizer.name).moments().size());
  const std::int64_t averages = config.train.average_decay > 0.0 ? 1 : 0;
  std::int64_t texts_and_groups = 1 << 15;
  for (const FeatureColumn& column : training.data().description.features()) {  // names, and what stands beside them
    texts_and_groups += 200 + 2 * std::ssize(column.name);
    for (const std::string& category : column.categories) texts_and_groups += 3 + std::ssize(category);
  }
  const std::int64_t normalization = 2 * training.data().train.features();
  return model.parameter_count() * 4 * (1 + moments + averages) +
         (model.graph().state_size() * (1 + averages) + normalization) * 8 + texts_and_groups;
}

}  // namespace shoal
