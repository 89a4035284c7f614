#include "shoal/infer/distinct_models.hpp"

namespace shoal {

std::optional<std::string> DistinctModels::add(const std::string& checkpoint) {
  const Archive archive = parse_checkpoint(read_checkpoint(checkpoint), checkpoint);
  const auto [known, is_new] = by_digest_.try_emplace(model_digest(archive, which_), checkpoint);
  return is_new ? std::nullopt : std::optional(known->second);
}

}  // namespace shoal
