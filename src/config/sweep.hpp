#pragma once

#include <functional>
#include <string>
#include <vector>

#include "config/toml.hpp"
#include "shoal/config/config.hpp"

namespace shoal::config_sweep {

/// What is told of the position of a key or value.
struct Listener {
  std::function<void(const toml::source_position&, const std::string& message)> complain;  ///< throws
  std::function<void(const toml::source_position&, const std::string& key)> note;  ///< that the key is given there
};

/// Puts `node` at `path` below [sweep] ({} for all of it), in place of what was there, and checks the names of its
/// keys.
void read(SweepConfig& sweep, std::vector<std::string> path, const toml::node& node,
          const toml::source_position& key_position, const Listener& listener);

}  // namespace shoal::config_sweep
