#pragma once

#include <string>

namespace shoal {

/// One value of a CSV line, in quotes where it needs them. Source: RFC 4180, section 2.
std::string csv_cell(const std::string& text);

}  // namespace shoal
