// Loaded before a program (LD_PRELOAD): while the file that SHOAL_FULL names exists, the disk is full.
#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace {

bool is_full() {
  static const char* const mark = std::getenv("SHOAL_FULL");
  const int before = errno;
  const bool there = mark != nullptr && ::access(mark, F_OK) == 0;
  errno = before;
  return there;
}

/// Of what lies on the disk that is full: files of the run that are made anew.
bool concerns(int descriptor) {
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  std::string path(4096, '\0');
  const ssize_t size = ::readlink(link.c_str(), path.data(), path.size());
  path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return path.find("/incarnation-") != std::string::npos;
}

}  // namespace

extern "C" ssize_t write(int descriptor, const void* bytes, std::size_t count) {
  using Write = ssize_t (*)(int, const void*, std::size_t);
  static const auto real = reinterpret_cast<Write>(::dlsym(RTLD_NEXT, "write"));
  if (is_full() && concerns(descriptor)) {
    errno = ENOSPC;
    return -1;
  }
  return real(descriptor, bytes, count);
}
