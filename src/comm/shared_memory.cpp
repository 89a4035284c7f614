#include "comm/shared_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace shoal {
namespace {

constexpr std::size_t large_bytes = std::size_t{8} << 20;

/// Beyond the limit of file sizes, growing the memory would end the process by SIGXFSZ.
bool within_file_limit(std::int64_t bytes) {
  rlimit limit{};
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
         (limit.rlim_cur == RLIM_INFINITY || static_cast<rlim_t>(bytes) <= limit.rlim_cur);
}

/// Null where the system refuses. Large pages save much time in products, and are a wish only.
std::byte* map(int descriptor, std::size_t bytes) {
  const int flags = descriptor < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  if (memory == MAP_FAILED) return nullptr;
  if (bytes >= large_bytes) madvise(memory, bytes, MADV_HUGEPAGE);
  return static_cast<std::byte*>(memory);
}

}  // namespace

SharedMemory::SharedMemory(int descriptor, std::int64_t bytes)
    : descriptor_(descriptor), bytes_(static_cast<std::size_t>(bytes)) {
  if (descriptor >= 0) data_ = map(descriptor, bytes_);
}

SharedMemory SharedMemory::make(std::int64_t bytes) {
  if (!within_file_limit(bytes)) return {};
  const int descriptor = memfd_create("shoal", MFD_CLOEXEC);
  if (descriptor >= 0 && ftruncate(descriptor, bytes) != 0) {
    close(descriptor);
    return {};
  }
  return {descriptor, bytes};
}

SharedMemory SharedMemory::open(const Address& address, std::int64_t bytes) {
  if (address.descriptor < 0) return {};
  const std::string path = "/proc/" + std::to_string(address.process) + "/fd/" + std::to_string(address.descriptor);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct stat found {};
  if (descriptor >= 0 && (fstat(descriptor, &found) != 0 || found.st_dev != address.device ||
                          found.st_ino != address.inode || found.st_size != bytes)) {
    close(descriptor);
    return {};
  }
  return {descriptor, bytes};
}

SharedMemory SharedMemory::make_private(std::int64_t bytes) {
  SharedMemory made;
  made.bytes_ = static_cast<std::size_t>(bytes);
  made.data_ = map(-1, made.bytes_);
  return made;
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      data_(std::exchange(other.data_, nullptr)),
      bytes_(std::exchange(other.bytes_, 0)) {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

SharedMemory::~SharedMemory() {
  seal();
  if (data_ != nullptr) munmap(data_, bytes_);
}

SharedMemory::Address SharedMemory::address() const {
  struct stat own {};
  if (data_ == nullptr || fstat(descriptor_, &own) != 0) return {};
  return {static_cast<std::int64_t>(getpid()), descriptor_, own.st_dev, own.st_ino};
}

void SharedMemory::seal() {
  if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
}

}  // namespace shoal
