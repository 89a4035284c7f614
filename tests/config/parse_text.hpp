#pragma once

#include <string>
#include <vector>

#include "shoal/config/config.hpp"

namespace shoal {

/// The config of a file /base/test.toml with that text, with settings by --set.
inline Config parse(const std::string& text, const std::vector<std::string>& sets = {}) {
  return parse_config(text, "test.toml", "/base", sets);
}

}  // namespace shoal
