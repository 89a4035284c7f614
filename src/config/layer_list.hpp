#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/toml.hpp"
#include "shoal/nn/layer_spec.hpp"

namespace shoal::config_convert {

/// What a list of layers cannot hold: where, and in words.
struct LayerFault {
  const toml::node* node = nullptr;
  std::string message;
};

/// Sets `to` from a list of layers, which may hold lists of layers; `place`: "model.layers". With a fault it is
/// anything.
std::optional<LayerFault> read_layers(const toml::node& node, const std::string& place, std::vector<LayerSpec>& to);

}  // namespace shoal::config_convert
