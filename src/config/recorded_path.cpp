#include "shoal/config/recorded_path.hpp"

#include <fmt/format.h>

#include "shoal/core/error.hpp"
#include "shoal/core/utf8.hpp"
#include "shoal/io/path.hpp"

namespace shoal {

std::string recorded_path(const std::filesystem::path& path) {
  std::string absolute = absolute_path(path).string();
  if (!is_utf8(absolute))
    throw Error(ExitStatus::usage,
                fmt::format("the path {} is not UTF-8, and a checkpoint that names it could not be read again; rename "
                            "it, or give a link to it whose own path is",
                            escape_non_utf8(absolute)));
  return absolute;
}

}  // namespace shoal
