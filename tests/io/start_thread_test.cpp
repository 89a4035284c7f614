#include "shoal/io/start_thread.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "io/no_threads.hpp"
#include "io/support.hpp"

namespace shoal {
namespace {

TEST(StartThread, TakesNoSignals) {
  bool blocked = false;
  start_thread([&] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGUSR1) == 1;
  }).join();
  EXPECT_TRUE(blocked);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 0) << "of the thread that started it";
}

TEST(StartThread, SaysWhatLimitsThreads) {
  const tests::NoThreads none;
  // Not the fault of a trial of a sweep, which may do well where there are threads: see run_trial.
  tests::expect_error(ExitStatus::input_output, {"cannot start a thread: ", "ulimit -u"}, [] { start_thread([] {}); });
}

}  // namespace
}  // namespace shoal
