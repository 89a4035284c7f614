#pragma once

#include <string>
#include <string_view>

namespace shoal {

/// Whether TOML, JSON and the texts of HDF5 can hold `text` as it is. Source: RFC 3629, section 4.
bool is_utf8(std::string_view text);

/// `text` with each byte that is not part of UTF-8 as \xE9: for messages, and for notes that nothing is found by.
std::string escape_non_utf8(std::string_view text);

}  // namespace shoal
