#include "shoal/guard/stop_signal.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

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
