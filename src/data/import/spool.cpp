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

constexpr std::size_t spool_piece_bytes = std::size_t{1} << 20;

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
  const std::int64_t room = std::max<std::int64_t>(0, most_memory_ - at);
  std::span<const std::byte> kept = bytes.first(std::min(bytes.size(), static_cast<std::size_t>(room)));
  const std::span<const std::byte> filed = bytes.subspan(kept.size());
  while (!kept.empty()) {
    if (memory_.empty() || memory_.back().size() == spool_piece_bytes)
      memory_.emplace_back().reserve(spool_piece_bytes);
    const std::size_t part = std::min(kept.size(), spool_piece_bytes - memory_.back().size());
    memory_.back().insert(memory_.back().end(), kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(part));
    kept = kept.subspan(part);
  }
  if (filed.empty()) return at;
  if (!file_) file_ = nameless_file(out_);
  const std::int64_t offset = size_ - static_cast<std::int64_t>(filed.size()) - most_memory_;
  if (const int error = posix::write_all(file_.get(), filed, offset); error != 0)
    posix::fail("put rows away beside", out_, error, size_);
  return at;
}

void Spool::read(std::int64_t offset, std::span<std::byte> bytes) const {
  for (; !bytes.empty() && offset < most_memory_;) {
    const auto from = static_cast<std::size_t>(offset);
    const auto& piece = memory_[from / spool_piece_bytes];
    const std::size_t begin = from % spool_piece_bytes;
    const std::size_t part = std::min(bytes.size(), piece.size() - begin);
    std::memcpy(bytes.data(), piece.data() + begin, part);
    bytes = bytes.subspan(part);
    offset += static_cast<std::int64_t>(part);
  }
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t got = ::pread(file_.get(), bytes.data() + done, bytes.size() - done,
                                offset - most_memory_ + static_cast<std::int64_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) posix::fail("read the rows that were put away beside", out_, got < 0 ? errno : EIO);
    done += static_cast<std::size_t>(got);
  }
}

}  // namespace shoal
