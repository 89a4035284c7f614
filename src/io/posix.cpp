#include "shoal/io/posix.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <system_error>

#include "shoal/core/error.hpp"
#include "shoal/io/file_bytes.hpp"
#include "shoal/io/path.hpp"

namespace shoal::posix {
namespace {

constexpr std::size_t largest_write = std::size_t{1} << 30;  // Linux moves at most 2 GiB in one call
static_assert(largest_write % direct_alignment == 0);

bool can_go_direct(std::span<const std::byte> bytes) {
  return bytes.size() >= direct_alignment && reinterpret_cast<std::uintptr_t>(bytes.data()) % direct_alignment == 0;
}

/// As write_all(), into a file that was opened with O_DIRECT: whole blocks straight from `bytes`, and through the page
/// cache what is left of them, or all from where the file system will not have it. A large file so takes a tenth of the
/// processor time, and the cache keeps what is read again.
int write_direct(int descriptor, std::span<const std::byte> bytes) {
  std::size_t aligned = bytes.size() / direct_alignment * direct_alignment;
  while (aligned > 0) {
    const ssize_t written = ::write(descriptor, bytes.data(), std::min(aligned, largest_write));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != EINVAL) return errno;
    const auto done = static_cast<std::size_t>(std::max<ssize_t>(0, written));
    bytes = bytes.subspan(done);
    aligned -= done;
    if (done == 0 || done % direct_alignment != 0) break;
  }
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg)
  if (::fcntl(descriptor, F_SETFL, 0) != 0) return errno;
  return write_all(descriptor, bytes);
}

}  // namespace

Descriptor::~Descriptor() {
  if (value_ >= 0) ::close(value_);
}

std::string reason(int error) { return std::generic_category().message(error); }

void fail(const std::string& what, const std::filesystem::path& path, int error, std::int64_t bytes) {
  std::string message = fmt::format("cannot {} {}: {}", what, path.string(), reason(error));
  if (error == ENOSPC || error == EDQUOT) {
    message += "; the disk or the quota is full";
    message += bytes >= 0 ? fmt::format(", {} bytes are needed", bytes) : ", free some space";
  }
  if (error == EACCES || error == EPERM || error == EROFS) message += "; allow it, or name another place";
  if (error == ENOENT) message += "; make its folder first, or name another place";
  if (error == EXDEV) message += "; a folder there is a link or mount of another file system: move all to one of them";
  throw Error(ExitStatus::input_output, message);
}

Descriptor open(const std::filesystem::path& path, int flags) {
  constexpr mode_t mode = 0666;  // less the process's umask
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);  // NOLINT(cppcoreguidelines-pro-type-vararg)
  } while (descriptor < 0 && errno == EINTR);
  return Descriptor(descriptor);
}

Descriptor open_for_reading(const std::filesystem::path& path) {
  Descriptor file = open(path, O_RDONLY);
  if (file) return file;
  const int error = errno;
  if (error == ENOENT || error == ENOTDIR) {
    throw Error(ExitStatus::no_input, fmt::format("there is no file {}", path.string()));
  }
  fail("read", path, error);
}

Descriptor open_input(const std::filesystem::path& path) {
  std::error_code none;
  const bool folder = std::filesystem::is_directory(path, none);
  if (Descriptor file = folder ? Descriptor(-1) : open(path, O_RDONLY)) return file;
  if (folder || errno == EACCES)
    throw Error(ExitStatus::no_input, fmt::format("cannot read {}: {}; give the path of a file that can be read",
                                                  path.string(), reason(folder ? EISDIR : EACCES)));
  return open_for_reading(path);
}

int write_all(int descriptor, std::span<const std::byte> bytes, std::int64_t offset) {
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), largest_write);
    const ssize_t written = offset < 0 ? ::write(descriptor, bytes.data(), count)
                                       : ::pwrite(descriptor, bytes.data(), count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return EIO;  // never for a count above 0; a loop without end otherwise
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    if (offset >= 0) offset += written;
  }
  return 0;
}

int sync(int descriptor) {
  while (::fsync(descriptor) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

void start_writing(int descriptor) {
  // Where a file system does not know it, what was written is seen at once or with the system's own next flush.
  ::sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
}

int close(Descriptor file) {
  // Not again after EINTR: Linux has closed the descriptor by then.
  return ::close(file.release()) == 0 || errno == EINTR ? 0 : errno;
}

void sync_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  const Descriptor descriptor = open(folder, O_RDONLY | O_DIRECTORY);
  const int error = descriptor ? sync(descriptor.get()) : errno;
  // Some network file systems know no fsync of a folder and make renames last by themselves.
  if (error != 0 && error != EINVAL && error != ENOTSUP) fail("sync the folder", folder, error);
}

std::string process_mark() {
  static const std::uint32_t drawn = std::random_device()();
  return fmt::format("{}-{:08x}", ::getpid(), drawn);
}

std::filesystem::path temporary_name(const std::filesystem::path& path) {
  std::error_code none;
  const std::filesystem::file_status there = std::filesystem::status(path, none);
  if (std::filesystem::is_other(there))
    throw Error(ExitStatus::input_output,
                fmt::format("cannot write {}: it is a device, pipe or socket; name a file", path.string()));
  return with_ending(path, fmt::format(".{}.tmp", process_mark()));
}

Draft write_draft(const std::filesystem::path& temporary, const std::filesystem::path& path,
                  std::span<const std::byte> bytes) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW;
  bool direct = can_go_direct(bytes);
  TemporaryFile made(temporary);
  Descriptor file = open(temporary, direct ? flags | O_DIRECT : flags);
  if (!file && direct && errno == EINVAL) {  // not on this file system
    direct = false;
    file = open(temporary, flags);
  }
  if (!file) fail("write", path, errno, size);
  const int error = direct ? write_direct(file.get(), bytes) : write_all(file.get(), bytes);
  if (error != 0) fail("write", path, error, size);
  return {std::move(made), std::move(file)};
}

void settle(Draft& draft, const std::filesystem::path& path) {
  int error = sync(draft.file.get());
  if (error == 0) error = close(std::move(draft.file));
  if (error != 0) fail("write", path, error);
}

void write_via(const std::filesystem::path& temporary, const std::filesystem::path& path,
               std::span<const std::byte> bytes) {
  Draft draft = write_draft(temporary, path, bytes);
  settle(draft, path);
  draft.made.move_to(path);
}

void link_via(const std::filesystem::path& temporary, const std::filesystem::path& path,
              const std::filesystem::path& target) {
  ::unlink(temporary.c_str());  // left by a process of the same number that died
  TemporaryFile made(temporary);
  if (::symlink(target.c_str(), temporary.c_str()) != 0) fail("make the link", path, errno);
  made.move_to(path);
}

}  // namespace shoal::posix
