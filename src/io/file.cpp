#include "shoal/io/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/io/posix.hpp"

namespace shoal {
namespace {

constexpr std::size_t largest_read = std::size_t{1} << 30;

/// From `offset`, or from the current position when that is negative. Bytes read, 0 at the end of the file.
std::size_t read_some(int descriptor, const std::filesystem::path& path, std::span<std::byte> bytes,
                      std::int64_t offset) {
  for (;;) {
    const std::size_t count = std::min(bytes.size(), largest_read);
    const ssize_t got = offset < 0 ? ::read(descriptor, bytes.data(), count)
                                   : ::pread(descriptor, bytes.data(), count, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) posix::fail("read", path, errno);
  }
}

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

std::int64_t size_of(int descriptor, const std::filesystem::path& path) {
  struct stat status = {};
  if (::fstat(descriptor, &status) != 0) posix::fail("read", path, errno);
  if (S_ISDIR(status.st_mode)) posix::fail("read", path, EISDIR);
  return status.st_size;
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path) {
  const posix::Descriptor file = posix::open_for_reading(path);
  // A byte more than the file has, so that its end is seen without another buffer.
  std::vector<std::byte> bytes(static_cast<std::size_t>(size_of(file.get(), path)) + 1);
  std::size_t used = 0;
  for (;;) {
    const std::size_t got = read_some(file.get(), path, std::span(bytes).subspan(used), -1);
    if (got == 0) break;
    used += got;
    if (used == bytes.size()) bytes.resize(2 * used);
  }
  bytes.resize(used);
  return bytes;
}

std::string read_text(const std::filesystem::path& path) {
  const std::vector<std::byte> bytes = read_file(path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void write_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  posix::write_via(posix::temporary_name(path), path, bytes);
}

void write_soon(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  const posix::TemporaryFile made(posix::temporary_name(path));
  posix::Descriptor file = posix::open(made.path(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  int error = file ? posix::write_all(file.get(), bytes) : errno;
  if (error == 0) error = posix::close(std::move(file));
  if (error == 0 && std::rename(made.path().c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) posix::fail("write", path, error, std::ssize(bytes));
}

void write_text_atomically(const std::filesystem::path& path, std::string_view text) {
  write_atomically(path, std::as_bytes(std::span(text)));
}

struct GrowingFile::State {
  std::filesystem::path path;
  posix::Draft draft;
};

GrowingFile::GrowingFile(const std::filesystem::path& path)
    : state_(std::make_unique<State>(State{path, posix::write_draft(posix::temporary_name(path), path, {})})) {}

GrowingFile::GrowingFile(GrowingFile&&) noexcept = default;
GrowingFile& GrowingFile::operator=(GrowingFile&&) noexcept = default;
GrowingFile::~GrowingFile() = default;

void GrowingFile::append(std::string_view text) {
  const int error = posix::write_all(state_->draft.file.get(), std::as_bytes(std::span(text)));
  if (error != 0) posix::fail("write", state_->path, error, std::ssize(text));
}

void GrowingFile::finish() {
  posix::settle(state_->draft, state_->path);
  state_->draft.made.move_to(state_->path);
}

void check_writable(const std::filesystem::path& path) {
  const posix::TemporaryFile made(posix::temporary_name(path));
  if (!posix::open(made.path(), O_WRONLY | O_CREAT | O_NOFOLLOW)) posix::fail("write", path, errno);
}

std::error_code make_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> missing;
  for (std::filesystem::path path = folder; !path.empty() && !std::filesystem::exists(path, error) && !error;
       path = path.parent_path()) {
    missing.push_back(path);
    if (path == path.parent_path()) break;
  }
  std::filesystem::create_directories(folder, error);
  if (error) return error;
  for (const std::filesystem::path& made : missing) posix::sync_folder_of(made);
  return {};
}

void require_folders(const std::filesystem::path& folder, std::string_view advice) {
  if (const std::error_code error = make_folders(folder))
    throw Error(ExitStatus::input_output,
                fmt::format("cannot make {}: {}{}", folder.string(), error.message(), advice));
}

std::optional<FileStamp> FileStamp::of(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) return std::nullopt;
  const std::filesystem::file_time_type written = std::filesystem::last_write_time(path, error);
  return error ? std::nullopt : std::optional(FileStamp{written, size});
}

void sync_folder_of(const std::filesystem::path& path) { posix::sync_folder_of(path); }

std::optional<std::uint64_t> free_bytes(const std::filesystem::path& folder) {
  struct statvfs status = {};
  if (::statvfs(folder.c_str(), &status) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

RandomAccessFile::RandomAccessFile(std::filesystem::path path) : path_(std::move(path)) {
  posix::Descriptor file = posix::open_input(path_);
  size_ = size_of(file.get(), path_);
  if (struct stat status = {}; ::fstat(file.get(), &status) == 0) written_ = nanoseconds(status.st_mtim);
  descriptor_ = file.release();
}

RandomAccessFile::RandomAccessFile(RandomAccessFile&& other) noexcept
    : path_(std::move(other.path_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      size_(other.size_),
      written_(other.written_) {}

RandomAccessFile& RandomAccessFile::operator=(RandomAccessFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  std::swap(size_, other.size_);
  std::swap(written_, other.written_);
  return *this;
}

bool RandomAccessFile::written_since() const {
  struct stat status = {};
  return ::fstat(descriptor_, &status) == 0 && (status.st_size != size_ || nanoseconds(status.st_mtim) != written_);
}

RandomAccessFile::~RandomAccessFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RandomAccessFile::read(std::int64_t offset, std::span<std::byte> bytes) const {
  while (!bytes.empty()) {
    const std::size_t got = read_some(descriptor_, path_, bytes, offset);
    if (got == 0) {
      throw Error(ExitStatus::bad_data, fmt::format("{} is cut short: it ends before byte {}", path_.string(),
                                                    offset + static_cast<std::int64_t>(bytes.size())));
    }
    bytes = bytes.subspan(got);
    offset += static_cast<std::int64_t>(got);
  }
}

std::string RandomAccessFile::text(std::int64_t begin, std::int64_t end) const {
  std::string text(static_cast<std::size_t>(end - begin), '\0');
  read(begin, std::as_writable_bytes(std::span(text)));
  return text;
}

AppendFile::AppendFile(std::filesystem::path path) : path_(std::move(path)) {
  posix::Descriptor file = posix::open(path_, O_WRONLY | O_CREAT | O_APPEND);
  if (!file) posix::fail("write", path_, errno);
  descriptor_ = file.release();
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

AppendFile::~AppendFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void AppendFile::append(std::string_view text) {
  const std::int64_t before = size_of(descriptor_, path_);
  const int error = posix::write_all(descriptor_, std::as_bytes(std::span(text)));
  if (error == 0) return;
  // Part of a line would spoil the next one. On a device there is nothing to cut, and the error above is what counts.
  [[maybe_unused]] const int cut = ::ftruncate(descriptor_, static_cast<off_t>(before));
  posix::fail("append to", path_, error, static_cast<std::int64_t>(text.size()));
}

void AppendFile::sync() {
  if (const int error = posix::sync(descriptor_); error != 0) posix::fail("write", path_, error);
}

}  // namespace shoal
