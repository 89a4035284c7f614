#pragma once

#include <string>

namespace shoal {

/// `shoal help config`, of a section (`optimizer`) and of a key: what it is, its default and what it takes. Empty for
/// what is none of them.
std::string config_help(const std::string& topic);

}  // namespace shoal
