#pragma once

#include <string_view>

namespace shoal {

/// Of this library, "0.1.0".
std::string_view version() noexcept;

}  // namespace shoal
