#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// @throws Error (usage): unknown `kind` (optimizer, schedule), with what may be meant and all names.
[[noreturn]] void throw_unknown_name(std::string_view kind, const std::string& name,
                                     const std::vector<std::string>& known);

}  // namespace shoal
