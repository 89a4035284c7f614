#pragma once

#include <string>
#include <vector>

#include "shoal/core/settings.hpp"

namespace shoal {

/// One layer of a model by description: {type = "dense", units = 256}. What a type is and which settings it takes is
/// registered in nn/layers.hpp.
struct LayerSpec {
  std::string type;
  Settings settings = {};
  /// Of its parameters, <name>/weight; no other layer has it, nested ones neither. Empty: they are numbered.
  std::string name = {};
  // Lists of layers that it holds, for the types that take them.
  std::vector<LayerSpec> layers = {};
  std::vector<LayerSpec> shortcut = {};  ///< where the setting "shortcut" is a list
  std::vector<std::vector<LayerSpec>> branches = {};

  bool operator==(const LayerSpec&) const = default;
};

}  // namespace shoal
