#pragma once

#include <string>

#include "shoal/tune/search_space.hpp"
#include "train/toml.hpp"

namespace shoal {

/// One entry of [sweep.space]. @throws Error(usage)  naming the entry, what it says, and what to write
Dimension read_dimension(const std::string& key, const toml::node& node);

}  // namespace shoal
