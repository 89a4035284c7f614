#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "shoal/core/error.hpp"

namespace shoal {

/// A text from a file, fit for a message of one line: cut at 40 bytes, control characters replaced.
inline std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string result(text.substr(0, most));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return text.size() > most ? result + "..." : result;
}

/// Data that cannot be used: what is wrong, the value seen, what to do.
[[noreturn]] inline void refuse(const std::string& what) { throw Error(ExitStatus::bad_data, what); }

/// The same of one file.
[[noreturn]] inline void refuse(const std::string& file, const std::string& what) {
  refuse(fmt::format("{}: {}", file, what));
}

/// Options that do not fit each other or the data.
[[noreturn]] inline void refuse_options(const std::string& what) { throw Error(ExitStatus::usage, what); }

}  // namespace shoal
