// Whole sweeps: one table whatever the ranks, failures that cost one trial, mistakes, the winner.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "shoal/run/run.hpp"
#include "shoal/train/checkpoint.hpp"
#include "sweep_fixture.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SweepRun : public tests::SweepFixture {
 protected:
  void expect_same_at_any_ranks(const std::vector<std::string>& sets) {
    EXPECT_EQ(status_alone(request("alone", sets)), ExitStatus::done);
    EXPECT_EQ(status_of(request("together", sets)), ExitStatus::done) << message_;
    expect_same("alone", "together");
    std::vector<std::string> pairs = sets;
    pairs.emplace_back("sweep.ranks_per_trial=2");
    EXPECT_EQ(status_of(request("pairs", pairs)), ExitStatus::done) << message_;
    expect_same("alone", "pairs");
  }
  std::string digest_in(const std::string& run) const {
    test_world().barrier();
    const std::string file = path(run) + "/checkpoints/latest";
    return digest(parse_checkpoint(read_file(file), file));
  }
};

TEST_F(SweepRun, RandomSearchHasOneTable) { expect_same_at_any_ranks({}); }
TEST_F(SweepRun, CoarseToFineWithHalvingHasOneTable) { expect_same_at_any_ranks(halving()); }
TEST_F(SweepRun, GridAndQuasiRandomHaveOneTable) {
  expect_same_at_any_ranks({"sweep.search=grid", "train.epochs=1", "sweep.trials=6"});
  test_world().barrier();
  if (test_world().rank() == 0) {
    for (const char* run : {"alone", "together", "pairs"}) fs::remove_all(path(run));
  }
  test_world().barrier();
  expect_same_at_any_ranks({"sweep.search=quasi_random", "sweep.metric=validation.accuracy", "train.steps=5",
                            "sweep.trials=6",
                            R"(sweep.space."train.average_decay"={scale="one_minus_log",min=0.1,max=0.9})"});
}

TEST_F(SweepRun, SaysWhereNoTrialIsChosenByResults) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(status_of(request("run", {"sweep.search=tpe", "sweep.trials=6", "train.epochs=1"})), ExitStatus::done);
  const std::string log = ::testing::internal::GetCapturedStderr();
  if (test_world().rank() == 0) {
    EXPECT_THAT(log, HasSubstr("warning: sweep.search = \"tpe\" needs 9 trials or more to choose by results"));
  }
}

TEST_F(SweepRun, EqualTrialsAreTrainedOnceAtAnyRanks) {
  expect_same_at_any_ranks(four_settings());
  EXPECT_EQ(summary_.done, 4);
  EXPECT_EQ(summary_.taken_over, 8);
  const std::string times = text("pairs/times.jsonl");
  EXPECT_EQ(std::count(times.begin(), times.end(), '\n'), 4) << times;
  EXPECT_EQ(count("alone", ",done,"), 12U);
}

TEST_F(SweepRun, EqualTrialsOfLaterRoundsAreNotTrainedEither) {
  std::vector<std::string> sets = four_settings();
  for (const std::string& set : halving()) sets.push_back(set);
  expect_same_at_any_ranks(sets);
  EXPECT_EQ(summary_.done + summary_.stopped + summary_.failed, 12 - summary_.taken_over);
  EXPECT_GE(summary_.taken_over, 8);
}

TEST_F(SweepRun, LeavesResultsAndNothingElse) {
  EXPECT_EQ(status_of(request("run", halving())), ExitStatus::done) << message_;
  test_world().barrier();
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(path("run"))) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("journal")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  EXPECT_THAT(names, ::testing::ElementsAre("best", "best.h5", "config.toml", "fingerprint", "incarnation-1",
                                            "sweep.csv", "sweep.h5", "sweep.jsonl", "times.jsonl"));
  EXPECT_EQ(summary_.done + summary_.stopped + summary_.failed, 12);
  EXPECT_EQ(summary_.done, 3) << "one of each of three rounds";
  EXPECT_EQ(summary_.kept, 3);
  EXPECT_EQ(kept("run").size(), 3U) << "of those that were trained to the end";
  EXPECT_EQ(count("run", "stopped"), 9U);
}

TEST_F(SweepRun, AsManyCheckpointsStayAsAreAskedFor) {
  EXPECT_EQ(status_of(request("none", {"sweep.keep=0", "sweep.trials=3"})), ExitStatus::done) << message_;
  EXPECT_FALSE(fs::exists(path("none/best")));
  EXPECT_EQ(status_of(request("run", {"sweep.keep=2", "sweep.trials=6"})), ExitStatus::done) << message_;
  const std::vector<std::string> two = kept("run");
  ASSERT_EQ(two.size(), 2U);
  EXPECT_TRUE(text("run/best/" + two[0]) == text("run/best.h5") || text("run/best/" + two[1]) == text("run/best.h5"));
  // Of a sweep that has ended: more, which are trained again, then fewer.
  SweepRequest on;
  on.run = path("run");
  on.resume = true;
  on.sets = {"sweep.keep=4"};
  EXPECT_EQ(status_of(on), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(request("four", {"sweep.keep=4", "sweep.trials=6"})), ExitStatus::done) << message_;
  expect_same("run", "four");
  on.sets = {"sweep.keep=1"};
  EXPECT_EQ(status_of(on), ExitStatus::done) << message_;
  EXPECT_EQ(kept("run").size(), 1U);
}

TEST_F(SweepRun, TheBestIsTheBest) {
  EXPECT_EQ(status_of(request("run")), ExitStatus::done) << message_;
  const std::string file = path("run/best.h5");
  test_world().barrier();
  const Archive best = parse_checkpoint(read_file(file), file);
  std::istringstream lines(text("run/sweep.csv"));
  std::string winner;
  double least = 1e300;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    if (std::stod(cells.at(8)) >= least) continue;
    least = std::stod(cells.at(8));
    winner = cells.at(12);
  }
  EXPECT_EQ(std::stod(winner), read_config(best).optimizer.learning_rate);
  EXPECT_EQ(summary_.winner_leaves, default_leaves(read_config(best).data.batch_size));
  EXPECT_EQ(read_progress(best).best_loss, least) << "its last loss was its best, or this sweep is a bad example";
}

TEST_F(SweepRun, ThePromotedWinnerGoesOnAsIfItHadNeverStopped) {
  EXPECT_EQ(status_of(request("run", {"parallel.leaves=4"})), ExitStatus::done) << message_;
  test_world().barrier();
  TrainRequest promote;
  promote.resume = path("run/best.h5");
  promote.run = path("longer");
  promote.sets = {"train.epochs=5"};
  EXPECT_EQ(train_run(promote, test_world()), ExitStatus::done);
  // The same hyperparameters, trained at once by one rank.
  const Config config = read_config(parse_checkpoint(read_file(*promote.resume), "best"));
  TrainRequest whole;
  whole.run = path("whole");
  whole.config = path("winner.toml");
  whole.sets = {"train.epochs=5"};
  std::int64_t status = 0;
  if (test_world().rank() == 0) {
    write_text_atomically(*whole.config, to_toml(config));
    Communicator alone;
    status = static_cast<std::int64_t>(train_run(whole, alone));
  }
  EXPECT_EQ(test_world().all_max(status), 0);
  EXPECT_EQ(digest_in("longer"), digest_in("whole"));
}

TEST_F(SweepRun, TrialsThatBlowUpCostThemselves) {
  const std::vector<std::string> wild = {"optimizer.name=gd",
                                         R"(sweep.space."optimizer.learning_rate"={scale="log",min=1e-2,max=1e6})",
                                         R"(sweep.space."parallel.leaves"={choices=[1,2,100]})", "train.epochs=2"};
  EXPECT_EQ(status_of(request("run", wild)), ExitStatus::done) << message_;
  EXPECT_GT(summary_.failed, 2);
  EXPECT_GT(summary_.done, 0);
  EXPECT_EQ(summary_.done + summary_.failed, 12);
  EXPECT_GT(count("run", "lower optimizer.learning_rate"), 0U) << "diverged";
  EXPECT_GT(count("run", "is above the batch size"), 0U) << "100 leaves of 32 samples: an impossible combination";
  EXPECT_EQ(status_alone(request("alone", wild)), ExitStatus::done);
  expect_same("run", "alone");
}

TEST_F(SweepRun, ModelsThatNoHostHoldsAreNotTried) {
  const std::vector<std::string> huge = {R"(sweep.space."model.width"={choices=[8,400000,2000000000]})",
                                         "model.depth=3"};
  EXPECT_EQ(status_of(request("run", huge)), ExitStatus::done) << message_;
  EXPECT_GT(summary_.done, 0);
  EXPECT_GT(summary_.failed, 0);
  EXPECT_EQ(count("run", "more than this host has"), static_cast<std::size_t>(summary_.failed));
}

TEST_F(SweepRun, AllTrialsMayFail) {
  EXPECT_EQ(
      status_of(request("run", {"optimizer.name=gd", R"(sweep.space."optimizer.learning_rate"={min=1e35,max=1e36})"})),
      ExitStatus::diverged)
      << message_;
  EXPECT_EQ(summary_.failed, 12);
  EXPECT_FALSE(summary_.winner.has_value());
  test_world().barrier();
  EXPECT_FALSE(fs::exists(path("run/best.h5")));
}

TEST_F(SweepRun, MistakesAreErrorsOfTheSweep) {
  const auto expect = [&](const std::vector<std::string>& sets, ExitStatus status, const std::string& words) {
    EXPECT_EQ(status_of(request("run", sets)), status);
    EXPECT_THAT(message_, HasSubstr(words));
    test_world().barrier();
    EXPECT_FALSE(fs::exists(path("run"))) << "nothing is written";
  };
  expect({"model.depth=0", "model.hidden=[8]"}, ExitStatus::usage, "model.hidden");
  expect({"sweep.metric=accuracy"}, ExitStatus::usage, "sweep.metric");
  expect({"data.validation=0"}, ExitStatus::usage, "data.validation");
  expect({"data.file=" + path("none.h5")}, ExitStatus::no_input, "none.h5");
  expect({R"(sweep.space."optimizer.beta1"={min=0.5,max=1.5})"}, ExitStatus::usage, "optimizer.beta1 is 1.5");
  expect({R"(sweep.space."model.loss"={choices=["mse"]})", "sweep.metric=validation.los"}, ExitStatus::usage,
         "validation.loss");
}

}  // namespace
}  // namespace shoal
