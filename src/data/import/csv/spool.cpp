#include "spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_memory = std::int64_t{1} << 26;

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
    memory_.insert(memory_.end(), bytes.begin(), bytes.end());
    return at;
  }
  const auto write = [&](std::span<const std::byte> all, std::int64_t offset) {
    if (const int error = posix::write_all(file_.get(), all, offset); error != 0)
      posix::fail("put rows away beside", out_, error, size_);
  };
  if (!file_) {
    file_ = nameless_file(out_);
    write(memory_, 0);
    memory_ = {};
  }
  write(bytes, at);
  return at;
}

void Spool::read(std::int64_t offset, std::span<std::byte> bytes) const {
  if (!file_) {
    std::memcpy(bytes.data(), memory_.data() + offset, bytes.size());
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
