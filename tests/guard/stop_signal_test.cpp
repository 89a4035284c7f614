#include "shoal/guard/stop_signal.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

namespace shoal {
namespace {

volatile std::sig_atomic_t heard_by_host = 0;
extern "C" void hear(int number) { heard_by_host = number; }

/// What the process does on SIGUSR1, put back at the end of a test.
class StopSignalTest : public testing::Test {
 protected:
  void SetUp() override { before_ = std::signal(SIGUSR1, SIG_DFL); }
  void TearDown() override { std::signal(SIGUSR1, before_); }

 private:
  void (*before_)(int) = nullptr;
};

TEST_F(StopSignalTest, SetsAFlag) {
  const StopSignal stop;
  EXPECT_EQ(StopSignal::received(), 0);
  std::raise(SIGUSR1);
  EXPECT_EQ(StopSignal::received(), SIGUSR1);
}

TEST_F(StopSignalTest, SaysItsNameAsKillDoes) {
  const StopSignal stop;
  EXPECT_EQ(StopSignal::name(), "a signal");
  for (const auto& [number, name] :
       {std::pair{SIGUSR1, "SIGUSR1"}, {SIGHUP, "SIGHUP"}, {SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}}) {
    std::raise(number);
    EXPECT_EQ(StopSignal::name(), name);
  }
}

// mpirun, the parent of the process group of a rank, ends a job by SIGCONT first.
TEST_F(StopSignalTest, TheAnnouncementOfMpirunIsSaidAtOnceAndStays) {
  const auto end_by_mpirun = [] {
    setsid();  // without a terminal the line goes to standard error
    setenv("OMPI_COMM_WORLD_RANK", "0", 1);
    setenv("OMPI_MCA_odls_base_sigkill_timeout", "7", 1);
    const pid_t mpirun = getpid();
    const pid_t rank = fork();
    if (rank == 0) {
      setpgid(0, 0);
      auto stop = std::make_unique<StopSignal>("all is saved");
      kill(mpirun, SIGUSR2);
      for (int i = 0; i < 100 && StopSignal::received() == 0; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      const bool first = StopSignal::received() == SIGCONT && StopSignal::told_to_end();
      std::raise(SIGTERM);
      const bool stays = StopSignal::name() == "mpirun (its SIGCONT)";
      stop.reset();  // which waits for the line: it is said after the signal is known
      _exit(first && stays ? 0 : 1);
    }
    int ready = 0;
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGUSR2);
    sigwait(&awaited, &ready);
    int status = 1;
    do {  // again, for a rank that gets no processor for a second looks as if it had been stopped
      kill(rank, SIGCONT);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    } while (waitpid(rank, &status, WNOHANG) == 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
  };
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGUSR2);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &awaited, &before);
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(end_by_mpirun(), testing::ExitedWithCode(0),
              "mpirun ends the job: all is saved, unless it lost a rank; .* twice 7 s");
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(StopSignalTest, HearsWhatWasHeldBackUntilItIsReady) {
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &held, nullptr);
  std::raise(SIGUSR1);
  const StopSignal stop;
  EXPECT_EQ(StopSignal::received(), SIGUSR1);
}

TEST_F(StopSignalTest, HearsThatTheTerminalIsGoneUnlessToldNotTo) {
  {
    const StopSignal stop;
    std::raise(SIGHUP);
    EXPECT_EQ(StopSignal::received(), SIGHUP);
  }
  const auto before = std::signal(SIGHUP, SIG_IGN);  // as nohup does
  {
    const StopSignal stop;
    std::raise(SIGHUP);
    EXPECT_EQ(StopSignal::received(), 0);
  }
  EXPECT_EQ(std::signal(SIGHUP, before), SIG_IGN);
}

// A scheduler's warning may come between the last step and the end of MPI: the status of the job is that of its work.
TEST_F(StopSignalTest, TheWarningDoesNoHarmAfterTheWork) {
  const auto work_then_warning = [] {
    { const StopSignal stop; }
    std::raise(SIGUSR1);
    std::exit(0);
  };
  testing::FLAGS_gtest_death_test_style = "threadsafe";  // other tests may have left threads
  EXPECT_EXIT(work_then_warning(), testing::ExitedWithCode(0), "");
}

TEST_F(StopSignalTest, AHandlerOfTheHostProgramComesBack) {
  std::signal(SIGUSR1, hear);
  { const StopSignal stop; }
  heard_by_host = 0;
  std::raise(SIGUSR1);
  EXPECT_EQ(heard_by_host, SIGUSR1);
}

}  // namespace
}  // namespace shoal
