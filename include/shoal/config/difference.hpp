#pragma once

#include <string>

#include "shoal/config/config.hpp"

namespace shoal {

/// How two configs differ in a key: its values, as value_text(); of model.layers the first layer that differs.
struct ConfigDifference {
  std::string place;  ///< the key, or "model.layers[2].layers[0]"
  std::string first;  ///< of a layer that only one of them has: "nothing"
  std::string second;
};
/// @throws Error(usage)  no such key
ConfigDifference first_difference(const Config& a, const Config& b, const std::string& key);

}  // namespace shoal
