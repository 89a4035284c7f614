#pragma once

#include <filesystem>
#include <string>

namespace shoal {

/// `path` as configs and checkpoints keep it, to be found from any working directory: from the root on, see
/// absolute_path().
/// @throws Error(usage)  when it is not UTF-8: no TOML could hold it, and the checkpoint could not be read again
std::string recorded_path(const std::filesystem::path& path);

}  // namespace shoal
