#pragma once

#include <string>

namespace shoal {

/// Another text whenever a sweep's config or journals have changed, or whether it is under way.
std::string sweep_stamp(const std::string& folder);

}  // namespace shoal
