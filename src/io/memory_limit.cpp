#include "shoal/io/memory_limit.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// "" where there is none.
std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A number and a line break, or "max".
std::uint64_t limit_in(const fs::path& path) {
  const std::string text = text_of(path);
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  return error == std::errc() && end != text.data() ? bytes : no_memory_limit;
}

/// Of `group` and all that it lies in, up to `top` itself.
std::uint64_t lowest_limit(const fs::path& top, fs::path group, const char* file) {
  std::uint64_t lowest = limit_in(top / file);
  for (group = group.relative_path(); !group.empty(); group = group.parent_path())
    lowest = std::min(lowest, limit_in(top / group / file));
  return lowest;
}

/// In a list with commas.
bool names_memory(std::string_view controllers) {
  while (!controllers.empty()) {
    const std::string_view name = controllers.substr(0, controllers.find(','));
    if (name == "memory") return true;
    controllers.remove_prefix(std::min(controllers.size(), name.size() + 1));
  }
  return false;
}

}  // namespace

std::uint64_t cgroup_limit(std::string_view membership, const fs::path& mount) {
  std::uint64_t lowest = no_memory_limit;
  while (!membership.empty()) {
    const std::string_view line = membership.substr(0, membership.find('\n'));
    membership.remove_prefix(std::min(membership.size(), line.size() + 1));
    // <number>:<controllers>:<path>, without controllers in version 2
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (controllers.empty()) {
      lowest = std::min(lowest, lowest_limit(mount, group, "memory.max"));
      lowest = std::min(lowest, lowest_limit(mount / "unified", group, "memory.max"));
    } else if (names_memory(controllers)) {
      lowest = std::min(lowest, lowest_limit(mount / "memory", group, "memory.limit_in_bytes"));
    }
  }
  return lowest;
}

std::uint64_t host_memory() {
  // A sweep asks it of each trial, and a dozen files answer.
  static const std::uint64_t bytes = [] {
    const auto machine =
        static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return std::min(machine, cgroup_limit(text_of("/proc/self/cgroup"), "/sys/fs/cgroup"));
  }();
  return bytes;
}

std::uint64_t process_memory() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY ? limit.rlim_cur : no_memory_limit;
}

std::uint64_t usable_memory() { return std::min(host_memory(), process_memory()); }

}  // namespace shoal
