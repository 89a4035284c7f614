#include "shoal/io/ownership/lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <optional>
#include <thread>

#include "io/no_threads.hpp"
#include "io/support.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/ownership/lock_record.hpp"

namespace shoal {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using tests::expect_error;
using tests::TemporaryFolder;
using Names = std::vector<std::string>;

constexpr RunLockOptions quick{milliseconds(20), milliseconds(300)};
constexpr RunLockOptions patient{milliseconds(20), milliseconds(60000)};

const std::string elsewhere = "host elsewhere\nmachine m\npid 1\nstart 5\nmark 1-0\n";

/// Leaves the lock of a process that has ended, not yet waited for.
pid_t die_with_lock(const TemporaryFolder& folder) {
  const pid_t child = ::fork();
  if (child == 0) {
    const RunLock lock(folder.path());
    ::_exit(0);
  }
  siginfo_t info{};
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(std::filesystem::exists(folder / "lock"));
  return child;
}

TEST(RunLock, KeepsOthersOutWhileItLives) {
  const TemporaryFolder folder;
  {
    const RunLock lock(folder.path());
    lock.check();
    expect_error(ExitStatus::taken,
                 {folder.path().string(), "in use", "process " + std::to_string(::getpid()) + " on host "},
                 [&] { RunLock second(folder.path()); });
    lock.check();
  }
  EXPECT_EQ(folder.names(), Names{"incarnation-1"});  // stays, so that its number is not used again
  const RunLock again(folder.path());
  EXPECT_EQ(again.incarnation(), 2);
}

TEST(RunLock, LeavesNothingBehindWhereNoThreadKeepsItsHeart) {
  const TemporaryFolder folder;
  {
    const tests::NoThreads none;
    expect_error(ExitStatus::input_output, {"cannot start a thread"}, [&] { RunLock lock(folder.path()); });
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "lock"));
}

TEST(RunLock, OfAnotherLivingProcessIsRespected) {
  const TemporaryFolder folder;
  std::array<int, 2> ready{};
  std::array<int, 2> done{};
  ASSERT_EQ(::pipe(ready.data()) + ::pipe(done.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(done[1]);
    const RunLock lock(folder.path());
    char byte = 1;
    [[maybe_unused]] ssize_t ignored = ::write(ready[1], &byte, 1);
    ignored = ::read(done[0], &byte, 1);
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  expect_error(ExitStatus::taken, {"process " + std::to_string(child)}, [&] { RunLock lock(folder.path(), quick); });
  for (const int end : {done[1], done[0], ready[0], ready[1]}) ::close(end);
  ::waitpid(child, nullptr, 0);
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(RunLock, FilesGetTheirNamesTogether) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder / "part");
  write_text_atomically(folder / "a", "old");
  const RunLock lock(folder.path());
  std::vector<BegunFile> files;
  files.push_back(lock.begin(folder / "a", bytes_of("one")));
  files.push_back(lock.begin(folder / "part/b", bytes_of("two")));
  EXPECT_EQ(read_text(folder / "a"), "old");
  EXPECT_FALSE(std::filesystem::exists(folder / "part/b"));
  lock.put(std::move(files));
  EXPECT_EQ(read_text(folder / "a"), "one");
  EXPECT_EQ(read_text(folder / "part/b"), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "incarnation-1"), {}), 0);
}

TEST(RunLock, FilesThatGetNoNameLeaveNothing) {
  const TemporaryFolder folder;
  const RunLock lock(folder.path());
  { const BegunFile file = lock.begin(folder / "a", bytes_of("one")); }
  std::vector<BegunFile> files;
  files.push_back(lock.begin(folder / "nowhere/b", bytes_of("two")));
  files.push_back(lock.begin(folder / "c", bytes_of("three")));
  expect_error(ExitStatus::input_output, {"nowhere/b"}, [&] { lock.put(std::move(files)); });
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
  EXPECT_FALSE(std::filesystem::exists(folder / "c"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "incarnation-1"), {}), 0);
}

TEST(RunLock, FilesOfAnOwnerThatWasTakenOverGetNoName) {
  const TemporaryFolder folder;
  const RunLock lock(folder.path());
  std::vector<BegunFile> files;
  files.push_back(lock.begin(folder / "a", bytes_of("one")));
  write_text_atomically(folder / "lock", elsewhere);  // as another host that believes this one dead
  std::filesystem::create_directory(folder / "incarnation-2");
  std::filesystem::remove_all(folder / "incarnation-1");
  expect_error(ExitStatus::taken, {"was taken over"}, [&] { lock.put(std::move(files)); });
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

TEST(RunLock, OfADeadProcessIsTakenOverAtOnce) {
  const TemporaryFolder folder;
  const pid_t child = die_with_lock(folder);
  const auto before = steady_clock::now();
  { const RunLock lock(folder.path(), patient); }  // the child is a zombie
  const pid_t second = die_with_lock(folder);
  ::waitpid(child, nullptr, 0);
  ::waitpid(second, nullptr, 0);
  { const RunLock lock(folder.path(), patient); }  // the child is gone
  EXPECT_LT(steady_clock::now() - before, milliseconds(10000));
}

TEST(RunLock, AReusedProcessNumberIsNotMistaken) {
  const TemporaryFolder folder;
  const std::string own = new_lock_identity();
  const auto start = own.find("start ");
  // This process, but started at another time.
  const std::string identity = own.substr(0, start) + "start 1" + own.substr(own.find('\n', start));
  write_text_atomically(folder / "lock", lock_record(identity, 3));
  const RunLock lock(folder.path(), patient);
  lock.check();
}

TEST(RunLock, OfAnotherHostIsTakenOverWhenItsHeartStops) {
  const TemporaryFolder folder;
  write_text_atomically(folder / "lock", lock_record(elsewhere, 3));
  const auto before = steady_clock::now();
  const RunLock lock(folder.path(), quick);
  EXPECT_GE(steady_clock::now() - before, quick.patience);
  lock.check();
  EXPECT_TRUE(std::filesystem::exists(folder / "lock"));
}

TEST(RunLock, OfAnotherHostIsRespectedWhileItsHeartBeats) {
  const TemporaryFolder folder;
  write_text_atomically(folder / "lock", lock_record(elsewhere, 0));
  std::atomic<bool> stop{false};
  std::thread other([&] {
    for (std::uint64_t count = 1; !stop; ++count) {
      write_text_atomically(folder / "lock", lock_record(elsewhere, count));
      std::this_thread::sleep_for(milliseconds(20));
    }
  });
  expect_error(ExitStatus::taken, {"in use by process 1 on host elsewhere"},
               [&] { RunLock lock(folder.path(), quick); });
  stop = true;
  other.join();
}

/// A lock file that shows what the test wants when it wants: a pipe, of which each look takes another.
class ShownLock {
 public:
  explicit ShownLock(std::filesystem::path place) : place_(std::move(place)) { lay(); }

  /// Waits for a look, and lets it see `content`; false where `ended` is set before one comes.
  bool show(const std::string& content, const std::atomic<bool>& ended) {
    int pipe = -1;
    while ((pipe = ::open(place_.c_str(), O_WRONLY | O_NONBLOCK)) < 0) {
      if (ended) return false;
      std::this_thread::sleep_for(milliseconds(1));
    }
    lay();  // for the next look, before this one sees its end
    EXPECT_EQ(::write(pipe, content.data(), content.size()), static_cast<ssize_t>(content.size()));
    ::close(pipe);
    return true;
  }

 private:
  void lay() {
    const std::filesystem::path next = place_.string() + ".next";
    EXPECT_EQ(::mkfifo(next.c_str(), 0600), 0);
    std::filesystem::rename(next, place_);
  }
  std::filesystem::path place_;
};

/// As where the file system stops for both: who could not look has seen nothing, and the owner could not beat.
TEST(RunLock, OfAnotherHostIsNotTakenOverByOneWhoCouldNotLook) {
  const TemporaryFolder folder;
  ShownLock lock(folder / "lock");
  std::atomic<bool> ended{false};
  std::atomic<bool> taken{false};
  std::thread second([&] {
    try {
      const RunLock mine(folder.path(), quick);
    } catch (const Error& error) {
      taken = error.status() == ExitStatus::taken;
    }
    ended = true;
  });
  lock.show(lock_record(elsewhere, 3), ended);  // it begins to watch
  std::this_thread::sleep_for(quick.patience * 3 / 2);
  for (int look = 0; look < 3; ++look) lock.show(lock_record(elsewhere, 3), ended);
  lock.show(lock_record(elsewhere, 4), ended);  // the heart beats again
  while (!ended && lock.show(lock_record(elsewhere, 5), ended)) continue;
  second.join();
  EXPECT_TRUE(taken);
}

TEST(RunLock, OfAnEarlierStartOfTheSlurmJobIsTakenOverAtOnce) {
  const TemporaryFolder folder;
  ::setenv("SLURM_CLUSTER_NAME", "c", 1);
  ::setenv("SLURM_JOB_ID", "12", 1);
  ::setenv("SLURM_RESTART_COUNT", "1", 1);
  EXPECT_NE(new_lock_identity().find("\nslurm c/12 1\n"), std::string::npos);
  write_text_atomically(folder / "lock", lock_record(elsewhere + "slurm c/12 0\n", 3));
  {
    const RunLock lock(folder.path(), patient);
    lock.check();
  }
  for (const char* other : {"slurm c/12 1\n", "slurm c/1 0\n", "slurm d/12 0\n", ""}) {
    EXPECT_EQ(judge_lock(lock_record(elsewhere + other, 3)), LockOwner::unknown) << other;
  }
  for (const char* name : {"SLURM_CLUSTER_NAME", "SLURM_JOB_ID", "SLURM_RESTART_COUNT"}) ::unsetenv(name);
  EXPECT_EQ(judge_lock(lock_record(elsewhere + "slurm c/12 0\n", 3)), LockOwner::unknown);
}

TEST(RunLock, AGarbledOneIsTakenOverAfterPatience) {
  for (const std::string garbled : {"", "shoal lock, heartbeat 0000", "\n\n\0\n", "x\nhost h\npid many\nstart 1\n"}) {
    const TemporaryFolder folder;
    write_text_atomically(folder / "lock", garbled);
    const auto before = steady_clock::now();
    const RunLock lock(folder.path(), quick);
    EXPECT_GE(steady_clock::now() - before, quick.patience);
  }
}

TEST(RunLock, ItsHeartBeats) {
  const TemporaryFolder folder;
  const RunLock lock(folder.path(), quick);
  const std::string first = read_text(folder / "lock");
  for (int i = 0; i < 500 && read_text(folder / "lock") == first; ++i) std::this_thread::sleep_for(milliseconds(10));
  const std::string later = read_text(folder / "lock");
  EXPECT_NE(later, first);
  EXPECT_EQ(identity_of(later), identity_of(first));
}

TEST(RunLock, KnowsWhenItWasTakenOverAndLeavesTheOtherAlone) {
  const TemporaryFolder folder;
  std::optional<RunLock> lock;
  lock.emplace(folder.path(), quick);
  const std::string other = lock_record(elsewhere, 9);
  write_text_atomically(folder / "lock", other);
  expect_error(ExitStatus::taken, {folder.path().string(), "taken over", "elsewhere"}, [&] { lock->check(); });
  std::this_thread::sleep_for(milliseconds(60));  // a few beats
  lock.reset();
  EXPECT_EQ(read_text(folder / "lock"), other);
}

TEST(RunLock, SaysWhereItsFolderWasMovedOrRemoved) {
  const TemporaryFolder folder;
  const std::filesystem::path place = folder / "run";
  std::filesystem::create_directory(place);
  const RunLock lock(place, quick);
  std::filesystem::rename(place, folder / "moved");
  expect_error(ExitStatus::taken, {place.string(), "was moved or removed"}, [&] { lock.check(); });
  std::filesystem::create_directory(place);
  const RunLock another(place, quick);
  expect_error(ExitStatus::taken, {place.string(), "was moved or removed"}, [&] { lock.write(place / "file", {}); });
  std::filesystem::remove(place / "lock");  // as in the midst of a removal
  expect_error(ExitStatus::taken, {place.string(), "was moved or removed"}, [&] { another.check(); });
}

/// As on a file system that goes away: a run that is done is done.
TEST(RunLock, LetsGoWhereItsFolderIsGone) {
  const TemporaryFolder folder;
  std::optional<RunLock> lock;
  lock.emplace(folder.path(), patient);
  std::filesystem::remove_all(folder.path());
  std::filesystem::create_symlink(folder.path(), folder.path());
  expect_error(ExitStatus::input_output, {folder.path().string()}, [&] { lock->check(); });
  lock.reset();
  std::filesystem::remove(folder.path());
}

TEST(RunLock, SaysWhereItCannotBeMade) {
  const TemporaryFolder folder;
  expect_error(ExitStatus::input_output, {"none"}, [&] { RunLock lock(folder / "none"); });
  write_text_atomically(folder / "file", "");
  expect_error(ExitStatus::input_output, {(folder / "file").string()}, [&] { RunLock lock(folder / "file"); });
}

/// How many of eight processes get the lock while none lets go of it. The winner dies with it.
int winners(const TemporaryFolder& folder, const RunLockOptions& options) {
  constexpr int contenders = 8;
  std::array<int, 2> start{};
  std::array<int, 2> result{};
  std::array<int, 2> end{};
  EXPECT_EQ(::pipe(start.data()) + ::pipe(result.data()) + ::pipe(end.data()), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < contenders; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(start[1]);
      ::close(end[1]);
      char byte = 'l';
      [[maybe_unused]] ssize_t ignored = ::read(start[0], &byte, 1);
      byte = 'l';
      std::optional<RunLock> lock;
      try {
        lock.emplace(folder.path(), options);
        byte = 'w';
      } catch (const Error& error) {
        if (error.status() != ExitStatus::taken) byte = 'e';
      }
      ignored = ::write(result[1], &byte, 1);
      ignored = ::read(end[0], &byte, 1);
      ::_exit(0);
    }
    children.push_back(child);
  }
  ::close(start[1]);  // all at once
  int won = 0;
  for (int i = 0; i < contenders; ++i) {
    char byte = 0;
    EXPECT_EQ(::read(result[0], &byte, 1), 1);
    EXPECT_NE(byte, 'e');
    won += byte == 'w' ? 1 : 0;
  }
  ::close(end[1]);
  for (const pid_t child : children) ::waitpid(child, nullptr, 0);
  for (const int descriptor : {start[0], result[0], result[1], end[0]}) ::close(descriptor);
  return won;
}

TEST(RunLock, OneOfManyProcessesWins) {
  const TemporaryFolder folder;
  EXPECT_EQ(winners(folder, patient), 1);                                                    // no lock there
  for (int round = 0; round < 10; ++round) EXPECT_EQ(winners(folder, patient), 1) << round;  // that of a dead process
  write_text_atomically(folder / "lock", lock_record(elsewhere, 3));
  EXPECT_EQ(winners(folder, quick), 1);  // that of another host, without heartbeat
}

TEST(RunLock, OneOfManyThreadsWins) {
  for (int round = 0; round < 10; ++round) {
    const TemporaryFolder folder;
    ::waitpid(die_with_lock(folder), nullptr, 0);
    std::atomic<int> won{0};
    std::atomic<int> tried{0};
    std::vector<std::thread> threads;
    threads.reserve(6);
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&] {
        std::optional<RunLock> lock;
        try {
          lock.emplace(folder.path(), patient);
          ++won;
        } catch (const Error&) {
        }
        ++tried;
        while (tried < 6) std::this_thread::yield();
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
  }
}

}  // namespace
}  // namespace shoal
