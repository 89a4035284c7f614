#pragma once

#include <string>

namespace shoal {

/// What this machine calls itself; it need not be the only one of that name.
std::string host_name();

}  // namespace shoal
