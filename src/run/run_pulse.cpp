#include "shoal/run/run_pulse.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/ownership/lock.hpp"
#include "shoal/io/ownership/lock_record.hpp"

namespace shoal {
namespace {

/// Empty when there is none.
std::string lock_of(const std::string& run) try {
  return read_text(std::filesystem::path(run) / RunLock::file_name);
} catch (const Error&) {
  return "";
}

}  // namespace

std::string run_owner(const std::string& run) { return std::string(identity_of(lock_of(run))); }

bool is_paused(const RunPaths& run, bool under_way) {
  std::error_code none;
  return under_way && std::filesystem::exists(run.paused(), none);
}

RunPulse::RunPulse(std::string run)
    : run_(std::move(run)), owner_(run_owner(run_)), still_(RunLockOptions{}.heartbeat) {}

bool RunPulse::beats() {
  const std::string record = lock_of(run_);
  const bool alive = still_.look(record) < RunLockOptions{}.patience;
  return alive && !record.empty() && identity_of(record) == owner_ && judge_lock(record) != LockOwner::dead;
}

bool RunPulse::anyone_beats() {
  if (beats()) return true;
  if (run_owner(run_) == owner_) return false;
  *this = RunPulse(run_);
  return beats();
}

}  // namespace shoal
