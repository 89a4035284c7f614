#include "show/sweep_stamp.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <system_error>

#include "shoal/core/hash.hpp"
#include "shoal/io/ownership/lock.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {

namespace fs = std::filesystem;

std::string sweep_stamp(const std::string& folder) {
  std::map<std::string, std::string> stamps;
  std::error_code none;
  for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
    const std::string name = at->path().filename().string();
    std::error_code gone;
    // That a lock beats is no news; that there is one is.
    if (name == RunLock::file_name) {
      stamps[name] = "";
    } else if (SweepPaths::is_journal(name) || name == RunPaths::config_name) {
      const auto time = at->last_write_time(gone).time_since_epoch().count();
      stamps[name] = fmt::format("{} {}", at->file_size(gone), time);
    }
  }
  Hash hash;
  for (const auto& [name, stamp] : stamps) hash.add(name).add("\n").add(stamp).add("\n");
  return hash.hex();
}

}  // namespace shoal
