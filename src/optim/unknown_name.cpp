#include "optim/unknown_name.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shoal/core/error.hpp"

namespace shoal {

void throw_unknown_name(std::string_view kind, const std::string& name, const std::vector<std::string>& known) {
  const std::string nearest = nearest_word(name, known);
  const std::string remedy = nearest.empty() ? fmt::format("use one of {}", fmt::join(known, ", "))
                                             : fmt::format("did you mean \"{}\"?", nearest);
  throw Error(ExitStatus::usage, fmt::format("unknown {}.name \"{}\"; {}", kind, name, remedy));
}

}  // namespace shoal
