#include "tune/sweep_progress.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(SweepProgress, SaysWhatIsDoneAndWhatIsBest) {
  SweepState state{64, 12, 2, 1, 0.12344, 7, 42.0};
  EXPECT_EQ(format_sweep_line(state), "12 of 64 done, 2 running, 1 failed, 0:42 left, best 0.1234 (trial 7)");
  state.best.reset();
  state.seconds_left.reset();
  EXPECT_EQ(format_sweep_line(state), "12 of 64 done, 2 running, 1 failed");
}

}  // namespace
}  // namespace shoal
