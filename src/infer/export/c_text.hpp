#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

// Constants of a C source.

/// In hexadecimal, exact. @throws Error(bad_data)  for one that is not finite, naming `what`
std::string c_number(double value, const std::string& what);

/// static const <type> <name>[] = {...}; of float or double.
std::string c_array(std::string_view name, std::span<const float> values, const std::string& what);
std::string c_array(std::string_view name, std::span<const double> values, const std::string& what);

/// A literal in quotes of any bytes. @throws Error(bad_data)  for a text with a byte 0, or longer than C99 asks
/// compilers to take
std::string c_string(std::string_view text);

/// What may stand in a comment.
std::string c_comment(std::string_view text);

}  // namespace shoal
