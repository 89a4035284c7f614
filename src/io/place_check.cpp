#include "shoal/io/place_check.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/posix.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// Empty where the call has worked.
std::string reason(bool done) { return done ? "" : std::strerror(errno); }

/// Another description of the folder may not get a lock that this one holds.
std::string check_lock(const fs::path& folder) {
  const posix::Descriptor one = posix::open(folder, O_RDONLY | O_DIRECTORY);
  const posix::Descriptor other = posix::open(folder, O_RDONLY | O_DIRECTORY);
  if (!one || !other) return std::strerror(errno);
  if (::flock(one.get(), LOCK_EX | LOCK_NB) != 0) return std::strerror(errno);
  if (::flock(other.get(), LOCK_EX | LOCK_NB) == 0) return "two hold it at once";
  return errno == EWOULDBLOCK ? "" : std::strerror(errno);
}

std::string check_rename(const fs::path& folder) try {
  write_text_atomically(folder / "renamed", "old");
  write_text_atomically(folder / "renamed", "new");
  return read_text(folder / "renamed") == "new" ? "" : "the old content is there";
} catch (const Error& error) {
  return error.what();
}

std::string check_link(const fs::path& folder) {
  const fs::path link = folder / "link";
  const fs::path again = folder / "again";
  if (::symlink("renamed", link.c_str()) != 0 || ::symlink("renamed", again.c_str()) != 0) return std::strerror(errno);
  return reason(::rename(again.c_str(), link.c_str()) == 0);
}

/// Of two who make a folder one must fail: by that a job takes its number.
std::string check_exclusive(const fs::path& folder) {
  const fs::path made = folder / "made";
  if (::mkdir(made.c_str(), 0777) != 0) return std::strerror(errno);
  if (::mkdir(made.c_str(), 0777) == 0) return "two make one folder";
  return errno == EEXIST ? "" : std::strerror(errno);
}

std::string kind_of(const fs::path& folder) {
  struct statfs found = {};
  if (::statfs(folder.c_str(), &found) != 0) return "unknown";
  constexpr std::array kinds = {
      std::pair{0x6969L, "nfs"},        std::pair{0x0BD00BD0L, "lustre"},  std::pair{0x47504653L, "gpfs"},
      std::pair{0x19830326L, "beegfs"}, std::pair{0x65735546L, "fuse"},    std::pair{0x01021994L, "tmpfs"},
      std::pair{0x858458f6L, "ramfs"},  std::pair{0x794c7630L, "overlay"}, std::pair{0xEF53L, "ext"},
      std::pair{0x58465342L, "xfs"},    std::pair{0x9123683EL, "btrfs"},   std::pair{0x01021997L, "9p"},
      std::pair{0x4d44L, "vfat"},       std::pair{0x00c36400L, "ceph"},    std::pair{0xFE534D42L, "smb"},
      std::pair{0xFF534D42L, "cifs"}};
  for (const auto& [number, name] : kinds) {
    if (static_cast<unsigned long>(found.f_type) == static_cast<unsigned long>(number)) return name;
  }
  return fmt::format("0x{:x}", static_cast<unsigned long>(found.f_type));
}

}  // namespace

PlaceCheck check_place_for_runs(const fs::path& folder) {
  PlaceCheck check;
  check.folder = folder.string();
  check.kind = kind_of(folder);
  if (const auto bytes = free_bytes(folder)) check.free_gb = static_cast<double>(*bytes) * 1e-9;
  std::string pattern = (folder / ".shoal-doctor-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    check.written = std::strerror(errno);
    return check;
  }
  const fs::path own = pattern;
  check.lock = check_lock(own);
  check.rename = check_rename(own);
  check.link = check_link(own);
  check.exclusive = check_exclusive(own);
  try {
    const std::vector<std::byte> bytes(1 << 20);
    const auto begun = std::chrono::steady_clock::now();
    write_atomically(own / "synced", bytes);
    check.sync_ms = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count() * 1e3;
  } catch (const Error& error) {
    check.written = error.what();
  }
  std::error_code none;
  fs::remove_all(own, none);
  return check;
}

}  // namespace shoal
