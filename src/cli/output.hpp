#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// Adds to standard output; whether it arrives shows in flush_output().
void print(std::string_view text);

/// @throws Error(input_output)  when something printed did not arrive: full disk, closed
void flush_output();

/// The same at the end of a command, of which a pipe may have seen enough. @returns false where nobody reads it any
/// more
bool end_output();

/// Rows of cells in aligned columns, two spaces apart, a line a row: texts to the left, numbers to the right.
std::string align(const std::vector<std::vector<std::string>>& rows);

/// "(64, 10)"; "()" for a scalar.
std::string shape_text(const std::vector<std::int64_t>& shape);

/// "10: cat, dog, ..."; of many names the first ones.
std::string classes_text(const std::vector<std::string>& names);

}  // namespace shoal
