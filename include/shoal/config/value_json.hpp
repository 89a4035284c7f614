#pragma once

#include <string>

#include "shoal/core/json.hpp"

namespace shoal {

/// The value of a setting, as config_text::value() writes it, in JSON: a table becomes an object.
Json json_of_value(const std::string& toml);

}  // namespace shoal
