// What reaches the disk, and what waits for it. fsync() of this program is the one below.
#include "shoal/io/posix.hpp"

#include <sys/syscall.h>

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include "io/support.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/ownership/lock.hpp"

namespace shoal {
namespace {

using std::chrono::milliseconds;
using tests::TemporaryFolder;

std::atomic<bool> disk_is_busy = false;
std::mutex mutex;
std::set<std::string> synced;

}  // namespace
}  // namespace shoal

extern "C" int fsync(int descriptor) {
  while (shoal::disk_is_busy) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  {
    const std::scoped_lock held(shoal::mutex);
    std::error_code none;
    shoal::synced.insert(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), none));
  }
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}

namespace shoal {
namespace {

TEST(MakeFolders, MakesEachOneLast) {
  const TemporaryFolder folder;
  synced.clear();
  EXPECT_FALSE(make_folders(folder / "a/b/c"));
  for (const std::string made : {"", "/a", "/a/b"}) EXPECT_TRUE(synced.contains(folder.path().string() + made)) << made;
  synced.clear();
  EXPECT_FALSE(make_folders(folder / "a/b/"));
  EXPECT_TRUE(synced.empty()) << "it is there";
  write_text_atomically(folder / "file", "");
  EXPECT_EQ(make_folders(folder / "file/b"), std::errc::not_a_directory);
  const auto refusal = [&]() -> std::string {
    try {
      require_folders(folder / "file/b", "; name another");
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refusal(), "cannot make " + (folder / "file/b").string() + ": Not a directory; name another");
}

TEST(TemporaryNames, TellProcessesOfOnePidApart) {
  EXPECT_THAT(posix::process_mark(), ::testing::MatchesRegex(std::to_string(::getpid()) + "-[0-9a-f]{8}"));
  EXPECT_EQ(posix::temporary_name("a/b"), "a/b." + posix::process_mark() + ".tmp");
}

/// A sync that takes longer than others have patience would look like a death.
TEST(RunLock, ItsHeartBeatsWhileTheDiskIsBusy) {
  const TemporaryFolder folder;
  const RunLock lock(folder.path(), {milliseconds(5), milliseconds(300)});
  disk_is_busy = true;
  std::set<std::string> seen;
  for (int i = 0; i < 1000 && seen.size() < 4; ++i) {
    seen.insert(read_text(folder / "lock"));
    std::this_thread::sleep_for(milliseconds(5));
  }
  disk_is_busy = false;
  EXPECT_GE(seen.size(), 4U);
}

}  // namespace
}  // namespace shoal
