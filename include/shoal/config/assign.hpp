#pragma once

#include <string>

#include "shoal/config/config.hpp"

namespace shoal {

/// Sets one key of a config from its value as TOML, without a check of ranges.
/// @throws Error(usage)  no such key, or a value of another type
void assign(Config& config, const std::string& key, const std::string& toml);

}  // namespace shoal
