#pragma once

#include <map>
#include <optional>
#include <string>

#include "shoal/infer/checkpoint.hpp"

namespace shoal {

/// Finds checkpoints that hold one model: the paths differ, and predictions do not. An ensemble that has both counts it
/// twice, and its members agree where they should not.
class DistinctModels {
 public:
  explicit DistinctModels(WhichWeights which) : which_(which) {}

  /// Reads a checkpoint. Returns the one added before that holds the same model to the bit; nothing where it is new.
  /// @throws Error  as read_checkpoint() and model_digest()
  std::optional<std::string> add(const std::string& checkpoint);

 private:
  WhichWeights which_;
  std::map<std::string, std::string> by_digest_;
};

}  // namespace shoal
