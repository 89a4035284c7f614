#include "spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_memory = std::int64_t{128} << 20;
constexpr std::size_t piece_bytes = std::size_t{1} << 20;

}  // namespace

posix::Descriptor nameless_file(const std::string& out) {
  const std::filesystem::path folder = std::filesystem::path(out).parent_path();
  posix::Descriptor file(
      ::open(folder.empty() ? "." : folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (file) return file;
  // A file system that cannot do that: a name for a moment.
  const std::filesystem::path name = posix::temporary_name(out + ".rows");
  file = posix::Descriptor(::open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) posix::fail("write beside", out, errno);
  ::unlink(name.c_str());
  return file;
}

std::int64_t Spool::append(std::span<const std::byte> bytes) {
  const std::int64_t at = size_;
  size_ += static_cast<std::int64_t>(bytes.size());
  if (size_ <= most_memory) {
    while (!bytes.empty()) {
      if (memory_.empty() || memory_.back().size() == piece_bytes) memory_.emplace_back().reserve(piece_bytes);
      const std::size_t part = std::min(bytes.size(), piece_bytes - memory_.back().size());
      memory_.back().insert(memory_.back().end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
      bytes = bytes.subspan(part);
    }
    return at;
  }
  const auto write = [&](std::span<const std::byte> all, std::int64_t offset) {
    if (const int error = posix::write_all(file_.get(), all, offset); error != 0)
      posix::fail("put rows away beside", out_, error, size_);
  };
  if (!file_) {
    file_ = nameless_file(out_);
    std::int64_t offset = 0;
    for (const auto& piece : memory_) {
      write(piece, offset);
      offset += static_cast<std::int64_t>(piece.size());
    }
    memory_ = {};
  }
  write(bytes, at);
  return at;
}

void Spool::read(std::int64_t offset, std::span<std::byte> bytes) const {
  if (!file_) {
    auto from = static_cast<std::size_t>(offset);
    while (!bytes.empty()) {
      const auto& piece = memory_[from / piece_bytes];
      const std::size_t begin = from % piece_bytes;
      const std::size_t part = std::min(bytes.size(), piece.size() - begin);
      std::memcpy(bytes.data(), piece.data() + begin, part);
      bytes = bytes.subspan(part);
      from += part;
    }
    return;
  }
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got =
        ::pread(file_.get(), bytes.data() + done, bytes.size() - done, offset + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) posix::fail("read the rows that were put away beside", out_, got < 0 ? errno : EIO);
    done += static_cast<std::size_t>(got);
  }
}

}  // namespace shoal
