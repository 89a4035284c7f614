#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "input_file.hpp"

namespace shoal {

/// What spreadsheets begin a text in UTF-8 with.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The number that a text is, surrounded by blanks at most; none for other texts. May be infinite or NaN.
std::optional<double> parse_number(std::string_view text);
/// Without blanks around it.
std::string_view trimmed(std::string_view text);

}  // namespace shoal
