#include "shoal/io/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "io/lock_record.hpp"
#include "io/posix.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

constexpr int most_vanished = 100;

/// One process or thread of this host at a time looks at the lock of a directory and changes it: what was judged stale
/// is then what is replaced. The system lets go when the process dies. Where the file system has no such lock (some
/// network file systems have none for folders) two hosts are still kept apart by settle().
class FolderGuard {
 public:
  explicit FolderGuard(const std::filesystem::path& directory)
      : folder_(posix::open(directory, O_RDONLY | O_DIRECTORY)) {
    if (!folder_) posix::fail("lock", directory, errno);
    while (::flock(folder_.get(), LOCK_EX) != 0 && errno == EINTR) {
    }
  }

 private:
  posix::Descriptor folder_;
};

/// The content of a lock file, nothing when there is none.
std::optional<std::string> read_lock(const std::filesystem::path& path) try {
  return read_text(path);
} catch (const Error& error) {
  if (error.status() == ExitStatus::no_input) return std::nullopt;
  throw;
}

[[noreturn]] void refuse(const std::filesystem::path& directory, const std::string& content) {
  throw Error(ExitStatus::taken, fmt::format("{} is in use by {}; wait until it ends, or choose another run directory",
                                             directory.string(), owner_of(content)));
}

/// Threads inherit the mask of blocked signals: the heartbeat must not take those that the main thread waits for.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

struct RunLock::State {
  State(std::filesystem::path run_directory, const RunLockOptions& run_options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  std::filesystem::path directory;
  std::filesystem::path path;
  RunLockOptions options;
  std::string identity = new_lock_identity();
  posix::Descriptor file;  // stays with the file that was made here, whatever is at `path` later

  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::thread heart;

  void acquire();
  bool create();
  void replace();
  void write_record() const;
  void settle() const;
  std::optional<std::string> watch(const std::string& seen) const;
  bool is_ours(const std::optional<std::string>& content) const { return content && identity_of(*content) == identity; }
  void beat();
};

RunLock::State::State(std::filesystem::path run_directory, const RunLockOptions& run_options)
    : directory(std::move(run_directory)), path(directory / "lock"), options(run_options) {
  acquire();
  const SignalsBlocked blocked;
  heart = std::thread([this] { beat(); });
}

RunLock::State::~State() {
  {
    const std::scoped_lock held(mutex);
    stopping = true;
  }
  wake.notify_all();
  heart.join();
  try {
    const FolderGuard guard(directory);
    if (is_ours(read_lock(path))) ::unlink(path.c_str());
  } catch (const Error& error) {
    // The next owner finds a lock whose process is dead.
    log_warning(fmt::format("the lock of {} stays behind: {}", directory.string(), error.what()));
  }
}

void RunLock::State::acquire() {
  std::optional<std::string> stood_still;  // a lock that was watched for long enough
  for (int vanished = 0;;) {
    std::optional<std::string> seen;
    {
      const FolderGuard guard(directory);
      if (create()) return;
      seen = read_lock(path);
      if (!seen) {
        // Removed by another host in this moment; not time and again, unless it is a link to nowhere.
        if (++vanished > most_vanished) posix::fail("lock", directory, EEXIST);
        continue;
      }
      const LockOwner owner = judge_lock(*seen);
      if (owner == LockOwner::alive) refuse(directory, *seen);
      if (owner == LockOwner::dead || seen == stood_still) {
        replace();
        log_warning(fmt::format("took over {} from {}, which is gone", directory.string(), owner_of(*seen)));
        if (owner == LockOwner::dead) return;
        break;
      }
    }
    log_info(fmt::format("{} is locked by {}; waiting {:.3g} s for a sign of life", directory.string(), owner_of(*seen),
                         std::chrono::duration<double>(options.patience).count()));
    stood_still = watch(*seen);
  }
  settle();
}

/// False when there is a lock already.
bool RunLock::State::create() {
  file = posix::open(path, O_RDWR | O_CREAT | O_EXCL);
  if (!file && errno == EEXIST) return false;
  if (!file) posix::fail("lock", directory, errno);
  posix::TemporaryFile until_written(path);
  write_record();
  until_written.keep();
  return true;
}

void RunLock::State::replace() {
  const std::filesystem::path name = posix::temporary_name(path);
  file = posix::open(name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (!file) posix::fail("lock", directory, errno);
  posix::TemporaryFile temporary(name);
  write_record();
  temporary.move_to(path);
}

void RunLock::State::write_record() const {
  const std::string record = lock_record(identity, 0);
  int error = posix::write_all(file.get(), std::as_bytes(std::span(record)));
  if (error == 0) error = posix::sync(file.get());
  if (error != 0) posix::fail("lock", directory, error);
}

/// Two hosts that watched the same lock may both replace it, within the moment between reading and renaming. The later
/// one owns it; after a wait that is long against that moment, the other one sees so.
void RunLock::State::settle() const {
  std::this_thread::sleep_for(options.patience / 30);
  const std::optional<std::string> content = read_lock(path);
  if (!is_ours(content)) refuse(directory, content.value_or(""));
}

/// Returns the lock when it did not change for as long as the patience lasts, nothing when it went away.
std::optional<std::string> RunLock::State::watch(const std::string& seen) const {
  using std::chrono::milliseconds;
  const milliseconds pause = std::clamp(options.patience / 20, milliseconds(1), milliseconds(500));
  const auto end = std::chrono::steady_clock::now() + options.patience;
  while (std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(pause);
    const std::optional<std::string> now = read_lock(path);
    if (!now) return std::nullopt;
    if (*now != seen) refuse(directory, *now);
  }
  return seen;
}

void RunLock::State::beat() {
  std::unique_lock held(mutex);
  for (std::uint64_t count = 1; !wake.wait_for(held, options.heartbeat, [this] { return stopping; }); ++count) {
    held.unlock();
    // In place, into the file that was made here: a renamed copy could land on the lock of a process that took over. A
    // failure shows to others as a heartbeat that stands still, which is the truth.
    const std::string record = lock_record(identity, count);
    if (posix::write_all(file.get(), std::as_bytes(std::span(record)), 0) == 0) posix::sync(file.get());
    held.lock();
  }
}

RunLock::RunLock(const std::filesystem::path& directory, const RunLockOptions& options)
    : state_(std::make_unique<State>(directory, options)) {}

RunLock::RunLock(RunLock&&) noexcept = default;
RunLock& RunLock::operator=(RunLock&&) noexcept = default;
RunLock::~RunLock() = default;

void RunLock::check() const {
  const std::optional<std::string> content = read_lock(state_->path);
  if (state_->is_ours(content)) return;
  throw Error(ExitStatus::taken, fmt::format("{} was taken over by {} while this process seemed dead; this one stops",
                                             state_->directory.string(), owner_of(content.value_or(""))));
}

}  // namespace shoal
