#pragma once

#include <string>
#include <string_view>

namespace shoal {

/// One value of a CSV line, in quotes where it needs them. Source: RFC 4180, section 2.
std::string csv_cell(const std::string& text);

/// Whether a file of this name is to be CSV: it ends in .csv, in letters of either case.
bool is_csv_name(std::string_view path);

}  // namespace shoal
