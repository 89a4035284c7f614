#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

namespace shoal {

/// Key-value settings by which layers, operations and optimizers are described, written to files and made again.
using Setting = std::variant<bool, std::int64_t, double, std::string>;
using Settings = std::map<std::string, Setting>;

}  // namespace shoal
