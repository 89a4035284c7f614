#include "system_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <utility>

namespace shoal::tests {
namespace {

thread_local SystemCalls* ruling = nullptr;

std::string path_of(int descriptor) {
  std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  std::string path(4096, '\0');
  const long size = ::syscall(SYS_readlink, link.c_str(), path.data(), path.size());
  path.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return path;
}

bool is_folder(int descriptor) {
  struct stat status = {};
  return ::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

const char* name_of(Call call) {
  constexpr const char* names[] = {"open", "write", "sync", "close", "rename", "symlink", "unlink", "mkdir"};
  return names[static_cast<int>(call)];
}

SystemCalls::SystemCalls(std::function<Fate(int, Call, const std::string&)> judge)
    : judge_(std::move(judge)), before_(std::exchange(ruling, this)) {}

SystemCalls::~SystemCalls() { ruling = before_; }

struct Interception {
  /// Lets `act` make the call, or does what was judged. A call that is made in spite of its failure says so by
  /// `always`.
  template <class Act>
  static long run(Record record, bool always, const Act& act) {
    SystemCalls* calls = ruling;
    if (calls == nullptr || calls->judging_) return act(false);
    calls->judging_ = true;
    const Fate fate = calls->judge_(static_cast<int>(calls->records_.size()), record.call, record.path);
    calls->judging_ = false;
    if (fate.kind == Fate::die) ::_exit(99);
    if (fate.kind == Fate::fail) {
      if (always) act(false);
      calls->records_.push_back(std::move(record));
      errno = fate.error;
      return -1;
    }
    const long result = act(fate.kind == Fate::cut_short);
    const int error = errno;
    record.done = result >= 0;
    if (record.call == Call::write) record.data.resize(record.done ? static_cast<std::size_t>(result) : 0);
    calls->records_.push_back(std::move(record));
    errno = error;
    return result;
  }
  static bool ruled() { return ruling != nullptr; }
};

}  // namespace shoal::tests

using shoal::tests::Call;
using shoal::tests::Interception;
using shoal::tests::Record;

namespace {

/// A place inside an open folder, by the folder's own path.
std::string resolved(const std::string& path) {
  const std::string open_folders = "/proc/self/fd/";
  if (!path.starts_with(open_folders)) return path;
  const auto slash = path.find('/', open_folders.size());
  return shoal::tests::path_of(std::stoi(path.substr(open_folders.size()))) + path.substr(slash);
}

Record record_of(Call call, const char* path, const char* to = "") {
  if (!Interception::ruled()) return {call, "", "", "", 0, false, false};
  return {call, resolved(path), resolved(to), "", 0, false, false};
}
Record record_of(Call call, int descriptor) {
  if (!Interception::ruled()) return {call, "", "", "", 0, false, false};
  return {call, shoal::tests::path_of(descriptor), "", "", 0, shoal::tests::is_folder(descriptor), false};
}

long write_part(const void* bytes, std::size_t count, int descriptor, long offset) {
  Record record = record_of(Call::write, descriptor);
  if (Interception::ruled()) record.data.assign(static_cast<const char*>(bytes), count);
  return Interception::run(std::move(record), false, [&](bool cut_short) {
    const std::size_t part = cut_short && count > 1 ? count / 2 : count;
    return offset < 0 ? ::syscall(SYS_write, descriptor, bytes, part)
                      : ::syscall(SYS_pwrite64, descriptor, bytes, part, offset);
  });
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = static_cast<mode_t>(va_arg(rest, int));
    va_end(rest);
  }
  Record record = record_of(Call::open, path);
  record.flags = flags;
  return static_cast<int>(Interception::run(std::move(record), false,
                                            [&](bool) { return ::syscall(SYS_openat, AT_FDCWD, path, flags, mode); }));
}

ssize_t write(int descriptor, const void* bytes, std::size_t count) { return write_part(bytes, count, descriptor, -1); }

ssize_t pwrite(int descriptor, const void* bytes, std::size_t count, off_t offset) {
  return write_part(bytes, count, descriptor, offset);
}

int fsync(int descriptor) {
  return static_cast<int>(Interception::run(record_of(Call::sync, descriptor), false,
                                            [&](bool) { return ::syscall(SYS_fsync, descriptor); }));
}

int close(int descriptor) {
  // Linux closes the descriptor whatever it says.
  return static_cast<int>(Interception::run(record_of(Call::close, descriptor), true,
                                            [&](bool) { return ::syscall(SYS_close, descriptor); }));
}

int rename(const char* from, const char* to) noexcept {
  return static_cast<int>(Interception::run(record_of(Call::rename, from, to), false,
                                            [&](bool) { return ::syscall(SYS_rename, from, to); }));
}

int symlink(const char* target, const char* path) noexcept {
  return static_cast<int>(Interception::run(record_of(Call::symlink, target, path), false,
                                            [&](bool) { return ::syscall(SYS_symlink, target, path); }));
}

int unlink(const char* path) noexcept {
  return static_cast<int>(
      Interception::run(record_of(Call::unlink, path), false, [&](bool) { return ::syscall(SYS_unlink, path); }));
}

int mkdir(const char* path, mode_t mode) noexcept {
  return static_cast<int>(
      Interception::run(record_of(Call::mkdir, path), false, [&](bool) { return ::syscall(SYS_mkdir, path, mode); }));
}

}  // extern "C"
