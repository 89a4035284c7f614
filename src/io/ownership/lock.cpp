#include "shoal/io/ownership/lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "io/ownership/incarnation.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/ownership/lock_record.hpp"
#include "shoal/io/ownership/standstill.hpp"
#include "shoal/io/posix.hpp"
#include "shoal/io/start_thread.hpp"

namespace shoal {
namespace {

constexpr int most_tries = 100;

/// One process or thread of this host at a time looks at the lock of a directory and changes it: what was judged stale
/// is then what is replaced. The system lets go when the process dies. Hosts, and file systems without such a lock, are
/// kept apart by incarnations: of two that take the directory over in one moment, the later fences off the earlier.
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

/// Which folder a path leads to: device and number. Nothing where it leads to none, or that cannot be seen.
std::optional<std::pair<dev_t, ino_t>> folder_at(const std::filesystem::path& directory) {
  struct stat seen {};
  if (::stat(directory.c_str(), &seen) != 0) return std::nullopt;
  return std::pair(seen.st_dev, seen.st_ino);
}

[[noreturn]] void refuse_owned(const std::filesystem::path& directory, const std::string& content) {
  throw Error(ExitStatus::taken, fmt::format("{} is in use by {}; wait until it ends, or choose another run directory",
                                             directory.string(), owner_of(content)));
}

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
  std::optional<Incarnation> incarnation;
  std::optional<std::pair<dev_t, ino_t>> folder;  // that was locked
  posix::Descriptor file;                         // stays with the file that was made here, whatever is at `path` later

  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;
  std::thread heart;

  void acquire();
  void release() const;
  void write_record();
  std::optional<std::string> watch(const std::string& seen) const;
  bool is_ours(const std::optional<std::string>& content) const { return content && identity_of(*content) == identity; }
  bool may_stand() const noexcept;
  bool is_gone(const std::optional<std::string>& content) const;
  void beat();
};

RunLock::State::State(std::filesystem::path run_directory, const RunLockOptions& run_options)
    : directory(std::move(run_directory)), path(directory / RunLock::file_name), options(run_options) {
  acquire();
  try {
    heart = start_thread([this] { beat(); });
  } catch (...) {
    release();
    throw;
  }
}

RunLock::State::~State() {
  {
    const std::scoped_lock held(mutex);
    stopping = true;
  }
  wake.notify_all();
  heart.join();
  release();
}

void RunLock::State::release() const {
  try {
    // Succeeds only as long as no other has taken the directory over, and then there is no other's lock to remove.
    if (is_ours(read_lock(path))) incarnation->remove(path);
  } catch (const Error& error) {
    // The next owner finds a lock whose process is dead.
    if (may_stand()) log_warning(fmt::format("the lock of {} stays behind: {}", directory.string(), error.what()));
  }
}

/// Also where that cannot be seen any more.
bool RunLock::State::may_stand() const noexcept try { return incarnation->stands(); } catch (const Error&) {
  return true;
}

/// Whether what was locked here is not at its path any more: whoever takes it over leaves a lock or a later number.
bool RunLock::State::is_gone(const std::optional<std::string>& content) const try {
  if (folder && folder_at(directory) != folder) return true;
  return !content && Incarnation::newest(directory) <= incarnation->number();
} catch (const Error&) {
  return true;  // it goes in this moment
}

void RunLock::State::acquire() {
  std::optional<std::string> stood_still;  // a lock that was watched for long enough
  for (int tries = 0; tries < most_tries;) {
    std::optional<std::string> seen;
    {
      const FolderGuard guard(directory);
      const std::int64_t before = Incarnation::newest(directory);
      seen = read_lock(path);
      const LockOwner owner = seen ? judge_lock(*seen) : LockOwner::dead;
      if (owner == LockOwner::alive) refuse_owned(directory, *seen);
      if (owner == LockOwner::dead || seen == stood_still) {
        incarnation = Incarnation::claim(directory, before + 1);
        ++tries;
        if (!incarnation) continue;  // another host was faster; its lock says who it is
        incarnation->fence_off_earlier();
        write_record();
        folder = folder_at(directory);
        if (seen) log_warning(fmt::format("took over {} from {}, which is gone", directory.string(), owner_of(*seen)));
        return;
      }
    }
    log_info(fmt::format("{} is locked by {}; waiting {:.3g} s for a sign of life", directory.string(), owner_of(*seen),
                         std::chrono::duration<double>(options.patience).count()));
    stood_still = watch(*seen);
  }
  refuse_owned(directory, "");
}

/// The lock file of this process in its place. Another that took the directory over since is not disturbed by it.
void RunLock::State::write_record() {
  const std::filesystem::path name = incarnation->workshop(path);
  file = posix::open(name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW);
  int error = file ? 0 : errno;
  const std::string record = lock_record(identity, 0);
  if (error == 0) error = posix::write_all(file.get(), std::as_bytes(std::span(record)));
  if (error == 0) error = posix::sync(file.get());
  if (error == 0) {
    try {
      posix::TemporaryFile(name).move_to(path);
      return;
    } catch (const Error&) {
      if (incarnation->stands()) throw;
    }
  }
  if (!incarnation->stands()) refuse_owned(directory, read_lock(path).value_or(""));
  posix::fail("lock", directory, error);
}

/// Returns the lock when it was seen not to change for as long as the patience lasts, nothing when it went away.
std::optional<std::string> RunLock::State::watch(const std::string& seen) const {
  using std::chrono::milliseconds;
  const milliseconds pause = std::clamp(options.patience / 20, milliseconds(1), milliseconds(500));
  Standstill still(2 * pause);
  while (still.look(seen) < options.patience) {
    std::this_thread::sleep_for(pause);
    const std::optional<std::string> now = read_lock(path);
    if (!now) return std::nullopt;
    if (*now != seen) refuse_owned(directory, *now);
  }
  return seen;
}

void RunLock::State::beat() {
  std::unique_lock held(mutex);
  for (std::uint64_t count = 1; !wake.wait_for(held, options.heartbeat, [this] { return stopping; }); ++count) {
    held.unlock();
    // In place, into the file that was made here: a renamed copy could land on the lock of a process that took over. A
    // failure shows to others as a heartbeat that stands still, which is the truth. It has to be seen by other hosts,
    // and not to outlast a crash: a sync may wait for minutes behind the checkpoints of a busy disk, and who waits
    // looks dead.
    const std::string record = lock_record(identity, count);
    if (posix::write_all(file.get(), std::as_bytes(std::span(record)), 0) == 0) posix::start_writing(file.get());
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
  const bool named = state_->is_ours(content);
  if (named && state_->incarnation->stands()) return;
  if (state_->is_gone(content))
    throw Error(
        ExitStatus::taken,
        fmt::format("{}, or its lock file, was moved or removed while this process worked there; this one stops",
                    state_->directory.string()));
  throw Error(ExitStatus::taken,
              fmt::format("{} was taken over by {} while this process seemed dead; this one stops",
                          state_->directory.string(), named ? "another process" : owner_of(content.value_or(""))));
}

bool RunLock::is_name(const std::string& name) { return name == file_name || name.starts_with(Incarnation::prefix); }

bool RunLock::was_held(const std::filesystem::path& directory) try {
  std::error_code none;
  return std::filesystem::is_directory(directory, none) && Incarnation::any_in(directory);
} catch (const Error&) {
  return false;
}

std::int64_t RunLock::incarnation() const { return state_->incarnation->number(); }

/// What fails because this process was fenced off says so.
template <class Change>
void RunLock::fenced(const Change& change) const {
  check();
  try {
    change(*state_->incarnation);
  } catch (const Error&) {
    check();
    throw;
  }
}

void RunLock::write(const std::filesystem::path& place, std::span<const std::byte> bytes) const {
  fenced([&](const Incarnation& own) { own.write(place, bytes); });
}

BegunFile RunLock::begin(const std::filesystem::path& place, std::span<const std::byte> bytes) const {
  std::optional<BegunFile> begun;
  fenced([&](const Incarnation& own) { begun.emplace(BegunFile{place, own.draft(place, bytes)}); });
  posix::start_writing(begun->draft.file.get());
  return *std::move(begun);
}

void RunLock::put(std::vector<BegunFile> files) const {
  fenced([&](const Incarnation&) {
    for (BegunFile& file : files) posix::settle(file.draft, file.place);
    std::map<std::filesystem::path, std::filesystem::path> folders;  // and a file in each
    for (BegunFile& file : files) {
      file.draft.made.rename_to(file.place);
      folders[file.place.parent_path()] = file.place;
    }
    for (const auto& [folder, file] : folders) posix::sync_folder_of(file);
  });
}

void RunLock::link(const std::filesystem::path& place, const std::filesystem::path& target) const {
  fenced([&](const Incarnation& own) { own.link(place, target); });
}

void RunLock::remove(const std::filesystem::path& place) const {
  fenced([&](const Incarnation& own) { own.remove(place); });
}

}  // namespace shoal
