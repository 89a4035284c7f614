#include "shoal/train/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace shoal {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const ProgressRange range{.epochs = 20, .steps_per_epoch = 100, .first_step = 0, .last_step = 2000};
const ProgressState state{.step = 250,
                          .epoch = 3,
                          .loss = 0.12341,
                          .accuracy = std::nullopt,
                          .validation_loss = 0.1,
                          .validation_accuracy = 0.9712,
                          .samples = 412344,
                          .seconds = 10};

class ProgressTest : public ::testing::Test {
 protected:
  Progress make(ProgressStyle style, ProgressRange over = range) {
    return Progress(
        over, style, [this](std::string_view text) { lines_.emplace_back(text); },
        [this](std::string_view text) { raw_.emplace_back(text); }, [this] { return now_; }, 200);
  }

  std::vector<std::string> lines_;
  std::vector<std::string> raw_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
};

TEST_F(ProgressTest, StyleFollowsTheTerminal) {
  EXPECT_EQ(choose_progress_style(false, "xterm", nullptr), ProgressStyle::lines);
  EXPECT_EQ(choose_progress_style(true, "dumb", nullptr), ProgressStyle::lines);
  EXPECT_EQ(choose_progress_style(true, nullptr, nullptr), ProgressStyle::lines);
  EXPECT_EQ(choose_progress_style(true, "xterm", nullptr), ProgressStyle::coloured_bar);
  EXPECT_EQ(choose_progress_style(true, "xterm", ""), ProgressStyle::coloured_bar);
  EXPECT_EQ(choose_progress_style(true, "xterm", "1"), ProgressStyle::bar);
}

TEST_F(ProgressTest, DurationsReadAsClocks) {
  EXPECT_EQ(format_duration(0), "0:00");
  EXPECT_EQ(format_duration(-3), "0:00");
  EXPECT_EQ(format_duration(6.6), "0:07");
  EXPECT_EQ(format_duration(59.6), "1:00");
  EXPECT_EQ(format_duration(760), "12:40");
  EXPECT_EQ(format_duration(10921), "3:02:01");
  EXPECT_EQ(format_duration(HUGE_VAL), "?");
}

TEST_F(ProgressTest, LinesShowWhatThereIs) {
  EXPECT_EQ(format_epoch_line(range, state),
            "epoch 3/20  loss 0.1234  validation loss 0.1 accuracy 0.9712  41234 samples/s");
  ProgressState bare = state;
  bare.validation_loss.reset();
  bare.validation_accuracy.reset();
  EXPECT_EQ(format_epoch_line(range, bare), "epoch 3/20  loss 0.1234  41234 samples/s");
  EXPECT_EQ(format_step_line(range, bare, 42), "epoch 3/20  step 50/100  loss 0.1234  41234 samples/s  0:42 left");
  bare.accuracy = 0.5;
  EXPECT_EQ(format_bar(range, bare, 42, 100),
            "epoch 3/20 [==========>         ]  50/100  loss 0.1234 accuracy 0.5000  41234 samples/s  0:42 left");
}

TEST_F(ProgressTest, TheBarIsFullAtTheEndAndNeverTooWide) {
  ProgressState end = state;
  end.step = 300;
  EXPECT_NE(format_bar(range, end, 0, 120).find("[====================]  100/100"), std::string::npos);
  EXPECT_EQ(format_bar(range, end, 0, 12), "epoch 3/20  ");
  EXPECT_EQ(format_bar(range, end, 0, 0), "");
}

TEST_F(ProgressTest, TheTimeLeftSurvivesANarrowTerminal) {
  const ProgressRange large{.epochs = 100, .steps_per_epoch = 10000, .first_step = 0, .last_step = 1000000};
  ProgressState middle;
  middle.step = 985000;
  middle.epoch = 99;
  middle.loss = 0.12341;
  middle.samples = 460000;
  middle.seconds = 1;
  EXPECT_EQ(format_bar(large, middle, 45296, 80),
            "epoch 99/100 [===>   ]  5000/10000  loss 0.1234  460000 samples/s  12:34:56 left");
  EXPECT_EQ(format_bar(large, middle, 42, 80),
            "epoch 99/100 [=====>     ]  5000/10000  loss 0.1234  460000 samples/s  0:42 left");
  EXPECT_EQ(format_bar(large, middle, 45296, 76),
            "epoch 99/100  5000/10000  loss 0.1234  460000 samples/s  12:34:56 left");
  EXPECT_EQ(format_bar(large, middle, 45296, 60), "epoch 99/100  5000/10000  loss 0.1234  12:34:56 left");
  for (int columns = 50; columns < 120; ++columns) {
    const std::string bar = format_bar(large, middle, 42, columns);
    EXPECT_LE(bar.size(), static_cast<std::size_t>(columns));
    EXPECT_TRUE(bar.ends_with("  0:42 left")) << bar;
  }
}

TEST_F(ProgressTest, SamplesPerSecondAreAMeanOverASecondOrMore) {
  Progress progress = make(ProgressStyle::lines);
  ProgressState step = state;
  // Every other step is fast: 250 samples in 1 ms and in 3 ms make 125,000 samples/s.
  for (int i = 0; i < 1000; ++i) {
    step.samples = 250;
    step.seconds = i % 2 == 0 ? 0.001 : 0.003;
    progress.step(step);
  }
  progress.end_epoch(step);
  // Later the pace is another, and what was before is forgotten.
  step.samples = 1000;
  step.seconds = 0.5;
  for (int i = 0; i < 5; ++i) progress.step(step);
  progress.end_epoch(step);
  ASSERT_EQ(lines_.size(), 2U);
  EXPECT_NEAR(std::stod(lines_[0].substr(lines_[0].rfind("  ") + 2)), 125000, 500) << lines_[0];
  EXPECT_TRUE(lines_[1].ends_with("  2000 samples/s")) << lines_[1];
}

TEST_F(ProgressTest, WithoutATerminalALineAnEpochAndEveryTenSeconds) {
  Progress progress = make(ProgressStyle::lines);
  now_ += milliseconds(9999);
  progress.step(state);
  EXPECT_THAT(lines_, IsEmpty());
  now_ += milliseconds(1);
  progress.step(state);  // 10 s for 250 of 2000 steps: 70 s to go
  EXPECT_THAT(lines_, ElementsAre(format_step_line(range, state, 70)));
  now_ += milliseconds(5000);
  progress.end_epoch(state);
  now_ += milliseconds(9000);
  progress.step(state);
  EXPECT_THAT(lines_, ElementsAre(format_step_line(range, state, 70), format_epoch_line(range, state)));
  EXPECT_THAT(raw_, IsEmpty());
}

TEST_F(ProgressTest, TheBarIsRedrawnTenTimesASecond) {
  Progress progress = make(ProgressStyle::bar);
  for (int i = 0; i < 1000; ++i) {
    now_ += milliseconds(1);
    progress.step(state);
  }
  EXPECT_EQ(raw_.size(), 10U);
  EXPECT_EQ(raw_[9], "\r\x1b[K" + format_bar(range, state, 7, 199));
  EXPECT_THAT(lines_, IsEmpty());
}

TEST_F(ProgressTest, TheBarMakesWayForLines) {
  {
    Progress progress = make(ProgressStyle::coloured_bar);
    now_ += milliseconds(100);
    progress.step(state);
    ASSERT_EQ(raw_.size(), 1U);
    EXPECT_NE(raw_[0].find("[\x1b[36m==========>         \x1b[0m]"), std::string::npos);
    progress.end_epoch(state);
    ASSERT_EQ(raw_.size(), 2U);
    EXPECT_EQ(raw_[1], "\r\x1b[K");
    EXPECT_THAT(lines_, ElementsAre(format_epoch_line(range, state)));
    progress.clear();
    EXPECT_EQ(raw_.size(), 2U);
    now_ += milliseconds(100);
    progress.step(state);
  }
  EXPECT_EQ(raw_.size(), 4U);  // wiped at the end
}

TEST_F(ProgressTest, TimeLeftCountsFromWhereTheRunResumed) {
  ProgressRange resumed = range;
  resumed.first_step = 200;
  Progress progress = make(ProgressStyle::lines, resumed);
  now_ += milliseconds(10000);
  progress.step(state);  // 50 steps in 10 s, 1750 to go
  EXPECT_THAT(lines_, ElementsAre(format_step_line(resumed, state, 350)));
}

TEST_F(ProgressTest, OtherRanksShowNothing) {
  Progress progress = make(ProgressStyle::none);
  now_ += milliseconds(100000);
  progress.step(state);
  progress.end_epoch(state);
  EXPECT_THAT(lines_, IsEmpty());
  EXPECT_THAT(raw_, IsEmpty());
}

}  // namespace
}  // namespace shoal
