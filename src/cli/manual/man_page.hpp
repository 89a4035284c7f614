#pragma once

#include <string>
#include <vector>

#include "cli/manual/command_text.hpp"

namespace shoal {

/// Pages for man, by the macros of man(7): of a command, and of the config's keys.
std::string man_page(const CommandText& command, const std::vector<CommandText>& all);
std::string config_man_page();

inline constexpr const char* config_page = "shoal-config";

}  // namespace shoal
