#pragma once

#include <algorithm>
#include <string_view>

namespace shoal {

/// Whether a text is digits, one or more, and nothing else.
inline bool are_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace shoal
