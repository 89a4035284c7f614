#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace shoal {

/// What a folder can do of that which runs rely on; each text says why not, and is empty where it can.
struct PlaceCheck {
  std::string folder = {};
  std::string kind = {};               ///< of its file system: "nfs", "tmpfs", or a number
  std::optional<double> free_gb = {};  ///< where the system says
  std::string written = {};            ///< a file can be written and synced
  std::string lock = {};               ///< flock() keeps two processes of a host apart
  std::string rename = {};             ///< takes the place of a file in one step
  std::string link = {};               ///< symbolic links, and one in place of another
  std::string exclusive = {};          ///< of two who make a folder one fails
  double sync_ms = 0.0;                ///< to write 1 MiB and sync it
};

/// Tries all of it in a folder of its own inside of `folder`, which it removes.
PlaceCheck check_place_for_runs(const std::filesystem::path& folder);

}  // namespace shoal
