#pragma once

// What a lock file says: its first line counts heartbeats and keeps its length, the others tell who made it.

#include <cstdint>
#include <string>
#include <string_view>

namespace shoal {

/// Of this process, different for every lock that it makes.
std::string new_lock_identity();

std::string lock_record(const std::string& identity, std::uint64_t heartbeat);
std::string_view identity_of(std::string_view record);

/// "process 123 on host h", also for a record that cannot be read.
std::string owner_of(const std::string& record);

enum class LockOwner {
  alive,    ///< a process of this host that lives
  dead,     ///< a process of this host that has ended, or an earlier start of the Slurm job that this process is of
  unknown,  ///< of another host or container, before a restart of this one, or a record that cannot be read
};
LockOwner judge_lock(const std::string& record);

}  // namespace shoal
