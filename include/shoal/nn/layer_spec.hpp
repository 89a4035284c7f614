#pragma once

#include <string>

#include "shoal/core/settings.hpp"

namespace shoal {

/// One layer of a model by description: {type = "dense", units = 256}. What a type is and which settings it takes is
/// registered in nn/layers.hpp.
struct LayerSpec {
  std::string type;
  Settings settings;
};

}  // namespace shoal
