#pragma once

// Files that survive a crash: a reader sees the old content or the new, never a part. Failures throw
// Error(input_output) with the path and the system's reason; a path that is not there for reading throws
// Error(no_input).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace shoal {

std::vector<std::byte> read_file(const std::filesystem::path& path);
std::string read_text(const std::filesystem::path& path);

/// Writes `<path>.<pid>-<random>.tmp`, syncs it, renames it to `path` and syncs the folder. When any of it fails, what
/// was at `path` is as before and the temporary file is gone.
void write_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
/// The same without waiting for the disk: when the host itself fails soon after, the file may be damaged or missing.
/// For what can be made again.
void write_soon(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_text_atomically(const std::filesystem::path& path, std::string_view text);

/// A file that is written piece by piece: it grows under a temporary name, and takes its place, on the disk, in
/// finish(); without that call what was at `path` is as before. Move-only.
class GrowingFile {
 public:
  explicit GrowingFile(const std::filesystem::path& path);
  GrowingFile(GrowingFile&&) noexcept;
  GrowingFile& operator=(GrowingFile&&) noexcept;
  ~GrowingFile();

  void append(std::string_view text);
  void finish();  ///< nothing may follow

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Tells before long work that its result has a place: makes the temporary file of write_atomically(), and removes it.
void check_writable(const std::filesystem::path& path);

/// Makes a folder and those above it that are not there, and syncs the folders that hold them: what is synced in it
/// later is then found again after a crash. Returns why it cannot be made, for a message that knows what it is.
/// @throws Error(input_output)  when a folder cannot be synced
[[nodiscard]] std::error_code make_folders(const std::filesystem::path& folder);
/// The same. advice: what to do, behind the message. @throws Error(input_output)  "cannot make FOLDER: why"
void require_folders(const std::filesystem::path& folder, std::string_view advice = "");

/// Tells a file from one that has taken its place, or was written since.
struct FileStamp {
  std::filesystem::file_time_type written;
  std::uintmax_t size = 0;

  /// Nothing where there is no such file.
  static std::optional<FileStamp> of(const std::filesystem::path& path);
  bool operator==(const FileStamp&) const = default;
};

/// Makes the entry of `path` in its folder last. @throws Error(input_output)
void sync_folder_of(const std::filesystem::path& path);

/// What the file system says is left in `folder`; a hint: it knows no quotas. Nothing when it does not say.
std::optional<std::uint64_t> free_bytes(const std::filesystem::path& folder);

/// A file open for reading, as a user names it: Error(no_input) also for a folder, or one that may not be read.
/// Move-only; read() may be called by many threads at once.
class RandomAccessFile {
 public:
  explicit RandomAccessFile(std::filesystem::path path);
  RandomAccessFile(RandomAccessFile&&) noexcept;
  RandomAccessFile& operator=(RandomAccessFile&&) noexcept;
  ~RandomAccessFile();

  /// Fills `bytes` from the file's byte `offset` on. @throws Error(bad_data) when the file ends before.
  void read(std::int64_t offset, std::span<std::byte> bytes) const;
  /// Its bytes [begin, end). @throws as read() does
  std::string text(std::int64_t begin, std::int64_t end) const;
  std::int64_t size() const { return size_; }  ///< bytes, when it was opened
  const std::filesystem::path& path() const { return path_; }
  /// Whether somebody wrote to it since it was opened, as far as its time tells. Another file of its name does not
  /// count.
  bool written_since() const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::int64_t size_ = 0;
  std::int64_t written_ = 0;  // when, in nanoseconds
};

/// A file that grows at its end, made if it is not there. Move-only. For JSON lines.
class AppendFile {
 public:
  explicit AppendFile(std::filesystem::path path);
  AppendFile(AppendFile&&) noexcept;
  AppendFile& operator=(AppendFile&&) noexcept;
  ~AppendFile();

  /// In one write, so that lines of two writers do not mix. When it fails, no part of `text` stays.
  void append(std::string_view text);
  /// Returns when all that was appended is on the disk.
  void sync();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
};

}  // namespace shoal
