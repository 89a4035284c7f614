#pragma once

#include <string>

namespace shoal {

class Json;

/// A TOML file whose meaning another layer knows: tables as objects in the order of their keys, dates as texts.
/// @throws Error(no_input)  when there is no such file; Error(usage) for what is no TOML, with line and column
Json read_toml(const std::string& path);

}  // namespace shoal
