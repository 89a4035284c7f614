#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shoal/nn/layer_spec.hpp"

namespace shoal {

/// A layer where it stands: in a list, which another layer may hold. It points to both, and lives no longer.
struct LayerPlace {
  const std::vector<LayerSpec>* list = nullptr;
  std::size_t at = 0;
  std::string list_name = "model.layers";  ///< of a nested one: "layers", "branches[1]"
  const LayerPlace* around = nullptr;      ///< the layer that holds the list

  const LayerSpec& layer() const { return (*list)[at]; }
  /// The layer that takes what comes out of this one: behind the last of a nested list stands what is behind the layer
  /// that holds the list, for a sum of branches, or branches beside each other, leave each channel what it is.
  std::optional<LayerPlace> next() const;
  /// Whether the layer behind this one is of that type.
  bool before(const std::string& type) const;
  /// "model.layers[2].layers[0]"; `first`: from which layer of the outermost list on they are counted
  std::string text(std::size_t first = 0) const;
};

/// Calls `visit` for each layer, also those that layers hold, in the order of their descriptions.
void for_each_layer(const std::vector<LayerSpec>& layers, const std::function<void(const LayerPlace&)>& visit);

}  // namespace shoal
