#pragma once

#include <fmt/format.h>

#include <string>

#include "shoal/core/error.hpp"

namespace shoal {

/// Data that cannot be used: what is wrong, the value seen, what to do.
[[noreturn]] inline void refuse(const std::string& what) { throw Error(ExitStatus::bad_data, what); }

/// The same of one file.
[[noreturn]] inline void refuse(const std::string& file, const std::string& what) {
  refuse(fmt::format("{}: {}", file, what));
}

/// Options that do not fit each other or the data.
[[noreturn]] inline void refuse_options(const std::string& what) { throw Error(ExitStatus::usage, what); }

}  // namespace shoal
