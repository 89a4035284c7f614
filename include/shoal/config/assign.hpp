#pragma once

#include <string>

#include "shoal/config/config.hpp"
#include "shoal/core/settings.hpp"

namespace shoal {

/// Sets one key of a config from its value as TOML, without a check of ranges.
/// @throws Error(usage)  no such key, or a value of another type
void assign(Config& config, const std::string& key, const std::string& toml);
/// The same from the value itself: a string is a word here, not TOML.
void set_value(Config& config, const std::string& key, const Setting& value);

/// The value of a key that is one number or word, as most are. @throws Error(usage)  of another key
Setting setting_of(const Config& config, const std::string& key);

}  // namespace shoal
