#include "optim/unknown_name.hpp"

#include <fmt/format.h>

#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"

namespace shoal {

void throw_unknown_name(std::string_view kind, const std::string& name, const std::vector<std::string>& known) {
  throw Error(ExitStatus::usage, fmt::format("unknown {}.name \"{}\"; {}", kind, name, meant_or_all(name, known)));
}

}  // namespace shoal
