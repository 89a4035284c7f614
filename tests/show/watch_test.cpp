#include "shoal/show/watch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <numeric>
#include <optional>

#include "shoal/core/error.hpp"
#include "shoal/run/job_log.hpp"
#include "shoal/run/run_directory.hpp"
#include "show/text_chart.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string joined(const std::vector<std::string>& lines) {
  return std::accumulate(lines.begin(), lines.end(), std::string(), [](auto a, const auto& b) { return a + b + '\n'; });
}

std::string step_line(std::int64_t step, double loss) {
  return to_json_line(StepRecord{step, 1, loss, 0.001, 1000, 1});
}

class Follower : public ::testing::Test {
 protected:
  Follower() { fs::create_directories(run_); }
  void put(const std::string& name, const std::string& text) const { tests::write(run_ + "/" + name, text); }
  void put_checkpoint() const {
    fs::create_directories(run_ + "/checkpoints");
    tests::write(RunPaths{run_}.checkpoint(0), "");
  }

  tests::TemporaryFolder folder_;
  std::string run_ = folder_ / "run";
};

TEST_F(Follower, WhatALineLacksIsNotZero) {
  put_checkpoint();
  put("config.toml", "");
  RunFollower follower(run_);
  StepRecord untimed{2, 1, 0.4, 0.001, std::numeric_limits<double>::infinity(), 1};
  put("metrics.jsonl", step_line(1, 0.5) + to_json_line(untimed) + "{\"step\":3}\n" +
                           "{\"step\":3,\"split\":\"validation\",\"loss\":0.1}\n" + "{\"step\":4,\"loss\":\"x\"}\n");
  const RunView& view = follower.refresh();
  EXPECT_EQ(view.loss.size(), 2U);
  EXPECT_EQ(view.last->step, 1) << "the last that was timed";
  EXPECT_TRUE(view.evaluations.empty()) << "of no epoch";
}

TEST_F(Follower, ReadsWhatIsAddedAndLeavesATornLine) {
  put_checkpoint();
  put("config.toml", "[optimizer]\nl2 = 0.25\n");
  RunFollower follower(run_);
  EXPECT_FALSE(follower.refresh().last.has_value());
  put("metrics.jsonl", step_line(1, 0.5) + step_line(2, 0.4).substr(0, 10));
  EXPECT_EQ(follower.refresh().loss.size(), 1U);
  const std::string evaluation = to_json_line(EvaluationRecord{2, 1, "validation", 0.3, 0.75, 1});
  put("metrics.jsonl", step_line(1, 0.5) + step_line(2, 0.4) + evaluation);
  const RunView& view = follower.refresh();
  ASSERT_EQ(view.loss.size(), 2U);
  EXPECT_EQ(view.loss[1].step, 2);
  EXPECT_EQ(view.loss[1].value, 0.4);
  ASSERT_EQ(view.evaluations.size(), 1U);
  EXPECT_EQ(view.evaluations[0].accuracy, 0.75);
  EXPECT_EQ(view.now.optimizer.l2, 0.25);
  put("nudges.jsonl", to_json_line({3, "optimizer.l2", 0.5}) + to_json_line({4, "optimizer.rho", 0.5}));
  EXPECT_EQ(follower.refresh().now.optimizer.l2, 0.5);
  EXPECT_EQ(follower.refresh().start.optimizer.l2, 0.25);
  EXPECT_EQ(follower.refresh().now.optimizer.rho, 0.99) << "to come";
}

TEST_F(Follower, ARunThatGoesOnFromEarlierIsReadAnew) {
  put_checkpoint();
  put("config.toml", "");
  put("metrics.jsonl", step_line(1, 0.5) + step_line(2, 0.4) + step_line(3, 0.3));
  RunFollower follower(run_);
  EXPECT_EQ(follower.refresh().last->step, 3);
  put("metrics.jsonl", step_line(1, 0.5));
  EXPECT_EQ(follower.refresh().loss.size(), 1U);
  put("metrics.jsonl", step_line(1, 0.25) + step_line(2, 0.4) + step_line(3, 0.3));  // as long, with another past
  ASSERT_EQ(follower.refresh().loss.size(), 3U);
  EXPECT_EQ(follower.refresh().loss[0].value, 0.25);
}

TEST_F(Follower, TimesOfAllJobsCount) {
  put_checkpoint();
  put("config.toml", "[train]\nsteps = 8\n");
  const auto line = [](std::int64_t step, double time) {
    return to_json_line(StepRecord{step, 1, 0.5, 0.001, 1000, time});
  };
  std::string lines = line(1, 10) + line(2, 20);
  put("metrics.jsonl", lines);
  RunFollower follower(run_);
  EXPECT_EQ(follower.refresh().seconds_before, 0.0);
  put("metrics.jsonl", lines += line(3, 5));  // a version that noted no jobs
  EXPECT_EQ(follower.refresh().seconds_before, 20.0);
  EXPECT_EQ(follower.refresh().first->step, 3);
  // A job that took longer to its first line than the one before in all.
  JobRecord first, second, third;
  second.after_step = 2;
  third.after_step = 3;
  put("jobs.jsonl", to_json_line(first) + to_json_line(second) + to_json_line(third));
  put("metrics.jsonl", lines += line(4, 30));
  const RunView& view = follower.refresh();
  EXPECT_EQ(view.seconds_before, 25.0);
  EXPECT_EQ(view.first->step, 4);
  EXPECT_THAT(joined(draw_frame(view, {40, 80, true, false})), HasSubstr("50 %  0:55 taken"));
}

TEST_F(Follower, KnowsWhetherTheRunIsUnderWay) {
  EXPECT_THROW(RunFollower{run_}, Error);
  std::optional<RunDirectory> owner(RunDirectory::create(run_));
  owner->write_config("");
  owner->write_checkpoint(0, {});
  RunFollower follower(run_);
  EXPECT_TRUE(follower.refresh().under_way);
  owner.reset();
  EXPECT_FALSE(follower.refresh().under_way);
  owner.emplace(RunDirectory::open(run_));
  EXPECT_TRUE(follower.refresh().under_way) << "resumed by another process";
}

/// What train.metric names is drawn where accuracy would be.
TEST_F(Follower, ReadsTheMetric) {
  put_checkpoint();
  put("config.toml", "[train]\nmetric = \"validation.rmse\"\n");
  RunFollower follower(run_);
  put("metrics.jsonl", step_line(1, 0.5) + to_json_line(EvaluationRecord{1, 1, "validation", 0.3, {}, 1, "rmse", 7.0}) +
                           to_json_line(EvaluationRecord{2, 2, "validation", 0.3, {}, 1, "rmse", 8.0}));
  const RunView& view = follower.refresh();
  EXPECT_EQ(view.evaluations.at(0).value, 7.0);
  EXPECT_THAT(joined(draw_frame(view, {40, 80, true, false})),
              HasSubstr("rmse  8 validation (marks), best 7 at step 1"));
}

RunView some_view(bool validation) {
  RunView view;
  view.run = "runs/digits";
  view.under_way = true;
  view.start.optimizer.l2 = 0.01;
  view.start.places["optimizer.l2"] = "--set optimizer.l2=0.01: ";
  view.now = view.start;
  view.now.optimizer.learning_rate = 0.0003;
  view.now.optimizer.rho = 0.5;
  view.journal.add({40, "optimizer.learning_rate", 0.0003});
  view.journal.add({120, "model.dropout", 0.5});
  for (std::int64_t step = 1; step <= 100; ++step) {
    view.loss.push_back({step, 2.0 / static_cast<double>(step)});
    if (validation && step % 10 == 0)
      view.evaluations.push_back({step, 1, "validation", 1.0 / static_cast<double>(step), 0.9, 1});
  }
  view.first = StepRecord{1, 1, 2, 0.001, 1234, 0.5};
  view.last = StepRecord{100, 3, 0.02, 0.0003, 1234, 100.5};
  view.steps_per_epoch = validation ? 40 : 0;
  return view;
}

TEST(Frame, ShowsCurvesHyperparametersAndNudges) {
  const std::string text = joined(draw_frame(some_view(true), {40, 100, true, false}));
  EXPECT_THAT(text, HasSubstr("runs/digits  under way  step 100, epoch 3 of 10  1234 samples/s"));
  EXPECT_THAT(text, HasSubstr("loss  0.02 train (line)  0.01 validation (marks), best 0.01 at step 100\n"));
  EXPECT_THAT(text, HasSubstr("log scale  "));
  EXPECT_THAT(text, HasSubstr("] 25 %  1:41 gone, 5:03 left\n")) << "100 of 400 steps, 99 of them in 100 s";
  EXPECT_THAT(text, HasSubstr("accuracy  0.9 validation (marks), best 0.9 at step 10"));
  EXPECT_THAT(text, HasSubstr("optimizer.learning_rate = 0.0003 (nudged)"));
  EXPECT_THAT(text, HasSubstr("optimizer.l2 = 0.01"));
  EXPECT_THAT(text, Not(HasSubstr("optimizer.beta1"))) << "nobody has chosen it";
  EXPECT_THAT(text, Not(HasSubstr("optimizer.rho"))) << "adam has none";
  EXPECT_THAT(text, HasSubstr("  from step 40  optimizer.learning_rate = 0.0003\n"));
  EXPECT_THAT(text, HasSubstr("  from step 120  model.dropout = 0.5  (to come)\n"));
  EXPECT_THAT(text, HasSubstr("\u25cf"));
  EXPECT_THAT(joined(draw_frame(some_view(false), {40, 80, true, false})), Not(HasSubstr("validation")));
}

TEST(Frame, KeepsToItsSize) {
  for (const bool validation : {false, true}) {
    for (int rows = 1; rows <= 60; rows += 3) {
      for (int columns = 1; columns <= 200; columns += 13) {
        const auto lines = draw_frame(some_view(validation), {rows, columns, true, false});
        EXPECT_LE(lines.size(), static_cast<std::size_t>(rows));
        for (const std::string& line : lines) EXPECT_EQ(fit(line, columns), line) << rows << " x " << columns;
      }
    }
  }
  EXPECT_EQ(draw_frame(some_view(true), {40, 80, true, false}).size(), 40U) << "and uses it";
}

TEST(Frame, OnLittleSpaceTheLossStays) {
  EXPECT_THAT(joined(draw_frame(some_view(true), {10, 40, true, false})), HasSubstr("\u25cf"));
}

TEST(Frame, OfARunWithoutAStepHasNoCurves) {
  RunView view;
  view.run = "r";
  EXPECT_THAT(joined(draw_frame(view, {24, 80, true, false})), HasSubstr("r  ended, no step yet"));
}

TEST(Chart, FallsFromTheUpperLeftToTheLowerRight) {
  TextChart chart;
  for (int step = 1; step <= 4; ++step) chart.line.push_back({step, 5.0 - step});
  const auto lines = draw_chart(chart, 10 + 4, 2, {2, 14, false, false});
  EXPECT_THAT(lines, ElementsAre("       4 +'.  ", "       2 +  '.", "           2"));
}

TEST(Chart, MarksAreDrawnOverTheLineAndInfinityIsNot) {
  const double infinite = std::numeric_limits<double>::infinity();
  const TextChart chart{{{1, 1.0}, {2, infinite}, {3, 2.0}}, {{3, 2.0}, {2, std::nan("")}}};
  const auto lines = draw_chart(chart, 10 + 3, 3, {3, 13, false, false});
  EXPECT_EQ(lines[0].back(), 'o');
  EXPECT_THAT(lines[0], HasSubstr("2 +"));
  EXPECT_THAT(joined(lines), Not(HasSubstr("inf")));
}

TEST(Chart, WideSpansAreLogarithmic) {
  const TextChart chart{{{1, 100.0}, {3, 1.0}}, {}};
  EXPECT_THAT(draw_chart(chart, 20, 3, {3, 20, false, false}).back(), HasSubstr("log scale"));
  EXPECT_THAT(draw_chart(chart, 20, 6, {6, 20, false, false})[2], HasSubstr("10 +")) << "in the middle";
  const TextChart narrow{{{1, 10.0}, {3, 1.0}}, {}};
  EXPECT_THAT(draw_chart(narrow, 20, 3, {3, 20, false, false}).back(), Not(HasSubstr("log scale")));
  EXPECT_THAT(joined(draw_chart(narrow, 20, 3, {3, 20, false, false})), HasSubstr("5 +"));
}

/// The label of each row that has one.
std::vector<std::string> labels_of(double least, double most, int height) {
  std::vector<std::string> labels;
  std::vector<std::string> lines = draw_chart({{{1, most}, {9, least}}, {}}, 40, height, {height, 40, false, false});
  lines.pop_back();
  for (const std::string& line : lines) {
    if (line[9] == '+') labels.push_back(line.substr(line.find_first_not_of(' '), 8 - line.find_first_not_of(' ')));
  }
  return labels;
}

TEST(Chart, TicksAreRound) {
  EXPECT_THAT(labels_of(0.137, 0.914, 12), ElementsAre("0.8", "0.6", "0.4", "0.2"));
  EXPECT_THAT(labels_of(-3.0, 12.0, 12), ElementsAre("10", "5", "0"));
  EXPECT_THAT(labels_of(0.0031, 7.0, 16), ElementsAre("1", "0.1", "0.01"));
  EXPECT_THAT(labels_of(1e-30, 1e30, 8).size(), ::testing::Le(4U));
  for (const double least : {1e-300, 0.001, 1.0, 123456.0, 1e300}) {
    for (const double factor : {1.0 + 1e-9, 1.5, 19.0, 21.0, 1e5}) {
      for (int height = 1; height < 20; ++height)
        EXPECT_GE(labels_of(least, least * factor, height).size(), 1U) << least;
    }
  }
}

TEST(Chart, StepsBelowAreRound) {
  TextChart chart;
  for (int step = 1; step <= 1234; ++step) chart.line.push_back({step, 1.0 / step});
  const std::string axis = draw_chart(chart, 80, 6, {6, 80, false, false}).back();
  EXPECT_THAT(axis, HasSubstr(" 500 "));
  EXPECT_THAT(axis, HasSubstr(" 1000"));
  EXPECT_THAT(axis, Not(HasSubstr("1234")));
}

TEST(Bar, IsFullAtTheEndAlone) {
  EXPECT_EQ(progress_bar(0.5, 15), "[====>   ] 50 %");
  EXPECT_EQ(progress_bar(0.999, 12), "[====>] 99 %");
  EXPECT_EQ(progress_bar(1.0, 12), "[====] 100 %");
  EXPECT_EQ(progress_bar(2.0, 3), "100");
}

SweepFrame some_sweep() {
  SweepFrame sweep;
  sweep.view.folder = "runs/search";
  sweep.view.under_way = true;
  sweep.view.config.sweep.metric = Metric::validation_loss;
  Dimension rate;
  rate.key = "optimizer.learning_rate";
  sweep.view.config.sweep.space = {rate};
  for (int trial = 0; trial < 6; ++trial) {
    TrialRow& row = sweep.view.rows.emplace_back();
    row.trial = trial;
    row.status = trial == 2 ? "failed" : trial > 3 ? "waiting" : "done";
    row.numbers = {0.01 * (trial + 1)};
    row.values = {"0.01"};
    if (trial < 4) row.curve = {{1, 1.0, {}, 0.5 - 0.1 * trial, {}}};
    if (row.status == "done") row.place = 4 - trial;
  }
  sweep.view.rows[0].place = 3;
  sweep.view.rows[1].place = 2;
  sweep.view.rows[3].place = 1;
  sweep.view.trainings_done = 4;
  sweep.view.trainings = 6;
  sweep.pace = {2, 4.0 / 6.0, 80.0, 40.0};
  return sweep;
}

TEST(Frame, TheLineOfASweepIsOfTrialsThatWereTrainedTheLongest) {
  SweepFrame sweep = some_sweep();
  for (TrialRow& row : sweep.view.rows) {
    if (row.status == "done") row.status = row.trial == 0 ? "done" : "stopped";
  }
  sweep.view.rows[0].rung = 1;
  sweep.view.rows[0].place = 1;
  sweep.view.rows[3].place = 2;
  sweep.view.rows[1].place = 3;
  const auto lines = draw_frame(sweep, {30, 80, false, false});
  EXPECT_THAT(joined(lines), HasSubstr("best so far 0.5 (line)"));
  const auto has_line = [](const std::string& line) {
    return line.size() > 10 && line[9] == '+' && line.find_first_of("'.", 10) != std::string::npos;
  };
  EXPECT_LE(std::count_if(lines.begin(), lines.end(), has_line), 1) << "those stopped at 0.4 and 0.2 bend it:\n"
                                                                    << joined(lines);
}

TEST(Frame, OfASweepWithEqualTrialsAndWhatMattered) {
  SweepFrame sweep = some_sweep();
  sweep.view.rows[0].same_as = 1;
  sweep.view.importance.single = {{"optimizer.learning_rate", -0.5, 0.625}, {"model.width", {}, 0.001}};
  sweep.view.importance.pairs = {{"optimizer.learning_rate", "model.width", 0.25}};
  const std::string text = joined(draw_frame(sweep, {30, 120, true, false}));
  EXPECT_THAT(text, HasSubstr("4 trainings of 6: 2 done, 2 under way, 1 failed, 1 taken over\n"));
  EXPECT_THAT(text,
              HasSubstr("mattered: optimizer.learning_rate 0.62, optimizer.learning_rate with model.width 0.25\n"));
  EXPECT_THAT(text, Not(HasSubstr("trial 0 ")));
}

TEST(Frame, OfASweep) {
  const std::string text = joined(draw_frame(some_sweep(), {30, 80, true, false}));
  EXPECT_THAT(text, HasSubstr("runs/search  under way  4 trainings of 6: 3 done, 2 under way, 1 failed\n"));
  EXPECT_THAT(text, HasSubstr("] 66 %  1:20 gone, 0:40 left\n"));
  EXPECT_THAT(text, HasSubstr("validation.loss  best so far 0.2 (line), trials by number (marks)\n"));
  EXPECT_THAT(text, HasSubstr("  1  trial 3     0.2        optimizer.learning_rate = 0.04\n"));
  for (int rows = 1; rows <= 40; rows += 3) {
    for (int columns = 1; columns <= 120; columns += 13) {
      const auto lines = draw_frame(some_sweep(), {rows, columns, true, false});
      EXPECT_LE(lines.size(), static_cast<std::size_t>(rows));
      for (const std::string& line : lines) EXPECT_EQ(fit(line, columns), line) << rows << " x " << columns;
    }
  }
  EXPECT_THAT(joined(draw_frame(SweepFrame(), {24, 80, true, false})), HasSubstr("no trial has an outcome yet"));
}

TEST(Frame, OfASweepWhoseTrialsAllFailed) {
  SweepFrame sweep = some_sweep();
  sweep.view.rows.resize(1);
  sweep.view.rows[0] = TrialRow{};
  sweep.view.rows[0].status = "failed";
  sweep.view.rows[0].reason = "the loss is nan";
  EXPECT_THAT(joined(draw_frame(sweep, {30, 80, true, false})), HasSubstr("no trial has an outcome yet"));
  sweep.view.under_way = false;
  EXPECT_THAT(joined(draw_frame(sweep, {30, 80, true, false})),
              HasSubstr("every trial failed; trial 0: the loss is nan"));
}

TEST(Chart, OneValueHasNoSpan) {
  const TextChart chart{{{5, 0.5}}, {}};
  EXPECT_THAT(joined(draw_chart(chart, 20, 3, {3, 20, false, false})), HasSubstr("0.5 +"));
  EXPECT_TRUE(draw_chart({}, 20, 3, {}).empty());
}

TEST(Fit, CountsCharactersNotBytes) {
  EXPECT_EQ(fit("a\u25cfb", 2), "a\u25cf");
  EXPECT_EQ(fit("ab", 2), "ab");
  EXPECT_EQ(fit("ab", 0), "");
}

}  // namespace
}  // namespace shoal
