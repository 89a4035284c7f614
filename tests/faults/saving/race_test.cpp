// Jobs that race for one run directory.
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <iostream>

#include "campaign.hpp"
#include "shoal/core/error.hpp"
#include "shoal/run/run_directory.hpp"
#include "temporary_folder.hpp"

namespace {

bool has_locks = true;

}  // namespace

/// Some network file systems have no locks for folders; then incarnations alone decide.
extern "C" int flock(int descriptor, int operation) noexcept {
  if (has_locks) return static_cast<int>(::syscall(SYS_flock, descriptor, operation));
  errno = ENOLCK;
  return -1;
}

namespace shoal {
namespace {

/// What becomes of jobs that start in one moment in one folder: 'w' owns it and could write its config, 't' was
/// refused, 'e' anything else. The winner ends without letting go of the folder.
std::array<int, 128> race(const std::string& run, int jobs, bool again) {
  std::array<int, 2> start{};
  std::array<int, 2> result{};
  std::array<int, 2> end{};
  EXPECT_EQ(::pipe(start.data()) + ::pipe(result.data()) + ::pipe(end.data()), 0);
  for (int i = 0; i < jobs; ++i) {
    if (::fork() != 0) continue;
    ::close(start[1]);
    ::close(end[1]);
    char fate = 'e';
    [[maybe_unused]] ssize_t ignored = ::read(start[0], &fate, 1);
    std::optional<RunDirectory> directory;
    try {
      directory = again ? RunDirectory::open(run) : RunDirectory::create(run);
      ::usleep(100000);  // long against the moment in which two can both believe that they own it
      directory->write_config("seed = 1\n");
      directory->write(RunPaths{run}.checkpoint(0), "what makes the folder that of a run");
      fate = 'w';
    } catch (const Error& error) {
      fate = error.status() == ExitStatus::taken ? 't' : 'e';
      if (fate == 'e') std::cerr << error.what() << '\n';
    }
    ignored = ::write(result[1], &fate, 1);
    ignored = ::read(end[0], &fate, 1);
    ::_exit(0);
  }
  ::close(start[1]);
  std::array<int, 128> fates{};
  for (int i = 0; i < jobs; ++i) {
    char fate = 0;
    EXPECT_EQ(::read(result[0], &fate, 1), 1);
    ++fates[static_cast<std::size_t>(fate)];
  }
  ::close(end[1]);
  for (int i = 0; i < jobs; ++i) ::wait(nullptr);
  for (const int descriptor : {start[0], result[0], result[1], end[0]}) ::close(descriptor);
  return fates;
}

void race_again_and_again(bool locks) {
  has_locks = locks;
  const int rounds = tests::count_or(10);
  int one_winner = 0;
  for (int round = 0; round < rounds; ++round) {
    const tests::TemporaryFolder folder;
    const std::string run = folder / "run";
    const int jobs = 2 + round % 5;
    const auto fresh = race(run, jobs, false);
    EXPECT_EQ(fresh['w'], 1) << "round " << round;
    EXPECT_EQ(fresh['t'], jobs - 1) << "round " << round;
    const auto resumed = race(run, jobs, true);  // the owner has died
    EXPECT_EQ(resumed['w'], 1) << "round " << round;
    EXPECT_EQ(resumed['t'], jobs - 1) << "round " << round;
    one_winner += fresh['w'] == 1 && resumed['w'] == 1 && fresh['e'] + resumed['e'] == 0 ? 1 : 0;
  }
  std::cout << one_winner << " of " << rounds << " rounds, each a new run and one to resume, had exactly one winner\n";
  has_locks = true;
}

TEST(Race, ExactlyOneJobWins) { race_again_and_again(true); }

TEST(Race, ExactlyOneJobWinsWithoutFileLocks) { race_again_and_again(false); }

}  // namespace
}  // namespace shoal
