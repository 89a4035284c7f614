#pragma once

#include <string>

#include "shoal/config/keys.hpp"

namespace shoal {

/// In a line: "none" where nothing stands for it, as of `sweep.space`.
std::string default_of(const config_keys::Key& key);

/// `shoal help config`, of a section (`optimizer`) and of a key: what it is, its default and what it takes. Empty for
/// what is none of them.
std::string config_help(const std::string& topic);

}  // namespace shoal
