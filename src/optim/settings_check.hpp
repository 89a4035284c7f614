#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// @throws Error (usage) naming `key`, the value, and what it must be, unless `good`.
void require_setting(bool good, std::string_view key, double value, std::string_view must_be);

/// @throws Error (usage): unknown `kind` (optimizer, schedule), with the nearest name or all of them.
[[noreturn]] void throw_unknown_name(std::string_view kind, const std::string& name,
                                     const std::vector<std::string>& known);

}  // namespace shoal
