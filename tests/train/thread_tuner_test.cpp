#include "train/thread_tuner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace shoal {
namespace {

using namespace std::chrono_literals;
using StepTime = std::function<double(int threads)>;  // in seconds

/// Steps with the number of threads that the tuner asks for; what it asked for last, and the time of all steps.
struct Course {
  int threads = 0;
  double seconds = 0.0;
};
Course run(ThreadTuner& tuner, int steps, const StepTime& time) {
  Course course;
  for (int i = 0; i < steps; ++i) {
    course.threads = tuner.threads();
    const double took = time(course.threads);
    course.seconds += took;
    tuner.note(std::chrono::duration<double>(took));
  }
  return course;
}

/// Arithmetic that all threads share, and barriers that cost more with each thread.
StepTime share_and_meet(double arithmetic, double barriers) {
  return [=](int threads) { return arithmetic / threads + barriers * threads; };
}

TEST(ThreadTuner, FindsHowManyASmallStepIsWorth) {
  for (const int most : {1, 2, 3, 12, 64, 256}) {
    for (const double barriers : {1e-7, 1e-6, 1e-5, 1e-4, 1e-3}) {
      const StepTime time = share_and_meet(1e-4, barriers);
      ThreadTuner tuner(most, 100us);
      run(tuner, 512, time);
      const int found = run(tuner, 1, time).threads;
      EXPECT_LE(found, most);
      double least = time(1);
      for (int threads = 1; threads <= most; ++threads) least = std::min(least, time(threads));
      EXPECT_LE(time(found), 1.3 * least) << most << " threads, barriers " << barriers << ": " << found;
    }
  }
}

TEST(ThreadTuner, MuchWorkKeepsAllThreadsAlways) {
  ThreadTuner tuner(16, 100ms);
  const StepTime time = [](int threads) {
    EXPECT_EQ(threads, 16);
    return 1e-3;
  };
  run(tuner, 5000, time);
}

TEST(ThreadTuner, TakesThreadsBackWhenTheyAreWorthIt) {
  ThreadTuner tuner(8, 1ms);
  EXPECT_EQ(run(tuner, 1000, share_and_meet(1e-4, 1e-4)).threads, 1);  // as beside other programs
  EXPECT_EQ(run(tuner, 20000, share_and_meet(1e-3, 1e-7)).threads, 8);
}

TEST(ThreadTuner, TrialsCostLittle) {
  const StepTime time = share_and_meet(1e-2, 1e-9);  // each thread less is a loss
  for (const int steps : {100, 1000, 100000}) {
    ThreadTuner tuner(64, 10ms);
    const double all_threads = steps * time(64);
    EXPECT_LE(run(tuner, steps, time).seconds, 1.01 * all_threads + 2 * 16 * time(64)) << steps;
  }
}

TEST(ThreadTuner, RanksTryAtTheSameSteps) {
  ThreadTuner few(8, 1ms);
  ThreadTuner many(8, 1ms);
  for (int step = 0; step < 10000; ++step) {
    const int a = few.threads();
    const int b = many.threads();
    few.note(std::chrono::duration<double>(share_and_meet(1e-4, 1e-4)(a)));
    many.note(std::chrono::duration<double>(share_and_meet(1e-3, 1e-7)(b)));
    const bool trial = step / 32 % 64 < 2 && step % 32 >= 16;
    if (step < 512 || trial) continue;
    ASSERT_EQ(a, 1) << step;
    ASSERT_EQ(b, 8) << step;
  }
}

}  // namespace
}  // namespace shoal
