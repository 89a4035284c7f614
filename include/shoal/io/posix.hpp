#pragma once

// The system calls that files, links and locks share.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include "shoal/io/temporary_file.hpp"

namespace shoal::posix {

/// Owns a file descriptor. Move-only.
class Descriptor {
 public:
  explicit Descriptor(int value = -1) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  ~Descriptor();

  int get() const { return value_; }
  explicit operator bool() const { return value_ >= 0; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

/// The text of an errno value, such as "No space left on device".
std::string reason(int error);

/// "cannot <what> <path>: <reason>"; for a full disk also the bytes that were needed, where known (>= 0).
[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path, int error, std::int64_t bytes = -1);

/// open(2) with O_CLOEXEC, again after EINTR; no descriptor and errno on failure.
Descriptor open(const std::filesystem::path& path, int flags);

/// Opens for reading. @throws Error(no_input) when it is not there, Error(input_output) otherwise
Descriptor open_for_reading(const std::filesystem::path& path);
/// The same for what a user named. @throws Error(no_input) also for a folder, or without the permission to read it
Descriptor open_input(const std::filesystem::path& path);

/// Writes all of `bytes` at `offset`, or at the current position when that is negative. Returns 0, or the errno value.
int write_all(int descriptor, std::span<const std::byte> bytes, std::int64_t offset = -1);
int sync(int descriptor);  ///< fsync; 0, or the errno value
/// Hands what was written to the disk, or to the server of the file system, where other hosts see it; does not wait for
/// it to be safe there.
void start_writing(int descriptor);
int close(Descriptor file);  ///< 0, or the errno value

/// Makes a rename in the folder of `path` last. @throws Error(input_output)
void sync_folder_of(const std::filesystem::path& path);

/// Tells this process from all others, of other hosts and containers, too, where pids are the same: pid-random.
std::string process_mark();

/// `<path>.<process_mark()>.tmp`, to be renamed to `path` when it is whole; see with_ending(). @throws
/// Error(input_output)  where a device, pipe or socket is: the rename would put a file in its place
std::filesystem::path temporary_name(const std::filesystem::path& path);

/// A file that is whole but for the waiting: under a name for the time being, and not yet safe on the disk.
struct Draft {
  TemporaryFile made;
  Descriptor file;
};
/// Writes the file `temporary`, which is to become `path`. @throws Error(input_output)
Draft write_draft(const std::filesystem::path& temporary, const std::filesystem::path& path,
                  std::span<const std::byte> bytes);
/// Waits until it is safe on the disk, and closes it. @throws Error(input_output)
void settle(Draft& draft, const std::filesystem::path& path);

/// Writes and syncs the file `temporary`, renames it to `path` and syncs the folder of that. When any of it fails, what
/// was at `path` is as before and the temporary file is gone. @throws Error(input_output)
void write_via(const std::filesystem::path& temporary, const std::filesystem::path& path,
               std::span<const std::byte> bytes);
/// The same for a symbolic link.
void link_via(const std::filesystem::path& temporary, const std::filesystem::path& path,
              const std::filesystem::path& target);

}  // namespace shoal::posix
