#pragma once

#include <string>

#include "shoal/core/error.hpp"

namespace shoal {

/// A model that cannot be built as it is described: which layer, what is wrong, what to do.
[[noreturn]] inline void refuse_model(const std::string& message) { throw Error(ExitStatus::usage, message); }

}  // namespace shoal
