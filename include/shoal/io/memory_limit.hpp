#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string_view>

namespace shoal {

inline constexpr std::uint64_t no_memory_limit = std::numeric_limits<std::uint64_t>::max();

/// Bytes that all processes of this job may use on this host: the machine's, or what a control group (a container,
/// Slurm) leaves of them. As it was when this was first asked.
std::uint64_t host_memory();
/// Bytes that this process may use by itself: RLIMIT_AS.
std::uint64_t process_memory();
/// Bytes that this process may use at most.
std::uint64_t usable_memory();

/// The lowest memory limit of a control group and those around it, of version 1 and 2; no_memory_limit where there is
/// none. membership: as in /proc/self/cgroup; mount: as /sys/fs/cgroup. What a container does not see of its own path
/// counts as being at the top.
std::uint64_t cgroup_limit(std::string_view membership, const std::filesystem::path& mount);

}  // namespace shoal
