#include "shoal/io/ownership/lock_record.hpp"

#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "shoal/core/error.hpp"
#include "shoal/core/host_name.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

/// Host names repeat ("localhost"), and containers of one host number their processes apart: a process number means
/// something only within one run of one kernel and one process namespace.
std::string machine() {
  std::string text;
  try {
    text = read_text("/proc/sys/kernel/random/boot_id");
  } catch (const Error&) {  // not there: the host name has to do
  }
  text.erase(std::min(text.find('\n'), text.size()));
  std::error_code ignored;
  return text + "/" + std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
}

/// The rest of the line that begins with `key` and a space.
std::optional<std::string> line(std::string_view record, std::string_view key) {
  const std::string mark = fmt::format("\n{} ", key);
  const auto at = record.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto begin = at + mark.size();
  const auto end = record.find('\n', begin);
  if (end == std::string_view::npos) return std::nullopt;
  return std::string(record.substr(begin, end - begin));
}

std::optional<pid_t> process_of(std::string_view record) {
  const std::optional<std::string> text = line(record, "pid");
  pid_t pid = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), pid);
  if (error != std::errc() || end != text->data() + text->size() || pid <= 0) return std::nullopt;
  return pid;
}

/// Field `number` of /proc/<pid>/stat, from 3 on: those after the name, which may hold anything. Empty when not there.
std::string stat_field(pid_t pid, int number) try {
  const std::string stat = read_text(fmt::format("/proc/{}/stat", pid));
  auto begin = stat.rfind(") ");
  for (int field = 3; begin != std::string::npos && field <= number; ++field) {
    begin = stat.find(' ', begin) + 1;
    if (begin == 0) return "";
    if (field == number) return stat.substr(begin, stat.find_first_of(" \n", begin) - begin);
  }
  return "";
} catch (const Error&) {
  return "";
}

/// In ticks since the kernel started: tells a process from a later one of the same number.
std::string start_of(pid_t pid) { return stat_field(pid, 22); }

bool has_ended(pid_t pid, const std::string& start) {
  if (::kill(pid, 0) != 0 && errno == ESRCH) return true;
  const std::string state = stat_field(pid, 3);
  if (state.empty()) return false;  // alive, but hidden from this user
  return state == "Z" || state == "X" || start_of(pid) != start;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::int64_t number_in_record(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The Slurm job that this process belongs to, and a space; empty outside of one.
std::string slurm_job() {
  const std::string job = variable("SLURM_JOB_ID");
  return job.empty() ? "" : fmt::format("{}/{} ", variable("SLURM_CLUSTER_NAME"), job);
}

/// How often Slurm has queued that job again.
std::int64_t slurm_restarts() { return number_in_record(variable("SLURM_RESTART_COUNT")); }

/// Slurm starts a job again only once it has given the earlier start up, whatever that may still do on a node that was
/// cut off.
bool slurm_gave_up(std::string_view record) {
  const std::string job = slurm_job();
  const std::string owner = line(record, "slurm").value_or("");
  return !job.empty() && owner.starts_with(job) && number_in_record(owner.substr(job.size())) < slurm_restarts();
}

}  // namespace

std::string new_lock_identity() {
  static std::atomic<int> made{0};
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  const std::string job = slurm_job();
  return fmt::format("host {}\nmachine {}\npid {}\nstart {}\nmark {}-{}\n{}", host_name(), machine(), ::getpid(),
                     start_of(::getpid()), now, made++,
                     job.empty() ? "" : fmt::format("slurm {}{}\n", job, slurm_restarts()));
}

std::string lock_record(const std::string& identity, std::uint64_t heartbeat) {
  return fmt::format("shoal lock, heartbeat {:020}\n{}", heartbeat, identity);
}

std::string_view identity_of(std::string_view record) {
  const auto end = record.find('\n');
  return end == std::string_view::npos ? std::string_view() : record.substr(end + 1);
}

std::string owner_of(const std::string& record) {
  const std::optional<pid_t> pid = process_of(record);
  const std::optional<std::string> host = line(record, "host");
  if (!pid || !host) return "a process that its lock file does not name";
  return fmt::format("process {} on host {}", *pid, *host);
}

LockOwner judge_lock(const std::string& record) {
  if (slurm_gave_up(record)) return LockOwner::dead;
  const std::optional<pid_t> pid = process_of(record);
  const std::optional<std::string> start = line(record, "start");
  if (!pid || !start || line(record, "host") != host_name() || line(record, "machine") != machine()) {
    return LockOwner::unknown;
  }
  return has_ended(*pid, *start) ? LockOwner::dead : LockOwner::alive;
}

}  // namespace shoal
