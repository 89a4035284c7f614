#pragma once

#include <string>

#include "config/toml.hpp"
#include "shoal/config/dimension.hpp"

namespace shoal {

/// One entry of [sweep.space]. @throws Error(usage)  naming the entry, what it says, and what to write
Dimension read_dimension(const std::string& key, const toml::node& node);

}  // namespace shoal
