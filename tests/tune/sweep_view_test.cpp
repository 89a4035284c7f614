#include "shoal/tune/sweep_view.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "shoal/core/error.hpp"
#include "temporary_folder.hpp"
#include "tune/outcome.hpp"
#include "tune/search_plan.hpp"

namespace shoal {
namespace {

class SweepViewTest : public ::testing::Test {
 protected:
  /// A sweep of 12 trials over one number, as far as outcomes say.
  void begin(const std::string& search, const std::string& more = "") {
    std::ofstream(folder_ / "config.toml")
        << "[train]\nepochs = 9\n[sweep]\ntrials = 12\nsearch = \"" << search << "\"\n"
        << more
        << "[sweep.space]\n\"optimizer.learning_rate\" = {scale = \"log\", min = "
           "1e-4, max = 1e-1}\n";
    std::ofstream(folder_ / "fingerprint") << "x\n";
  }
  void end(std::int64_t trial, std::int64_t rung, double loss, int rank = 0, bool failed = false) {
    Outcome outcome;
    outcome.trial = trial;
    outcome.rung = rung;
    outcome.failed = failed;
    outcome.reason = failed ? "nan" : "";
    outcome.curve = {{rung + 1, loss, 0.5, loss, 0.5}};
    outcome.seconds = 1.0;
    outcome.rank = rank;
    std::ofstream(folder_ / ("journal-" + std::to_string(rank) + ".jsonl"), std::ios::app) << to_json_line(outcome);
  }

  tests::TemporaryFolder folder_;
  std::string path_ = folder_ / "";
};

TEST_F(SweepViewTest, TrialsWithoutAnOutcomeWait) {
  begin("random");
  end(0, 0, 0.5);
  end(3, 0, 0.25, 1);
  end(4, 0, 0.0, 1, true);
  std::ofstream(folder_ / "journal-1.jsonl", std::ios::app) << "{\"trial\":5,\"ru";  // being written
  const SweepView view = read_sweep(path_);
  ASSERT_EQ(view.rows.size(), 12U);
  EXPECT_EQ(view.trainings_done, 3);
  EXPECT_EQ(view.trainings, 12);
  EXPECT_FALSE(view.under_way);
  EXPECT_EQ(view.rows[3].place, 1);
  EXPECT_EQ(view.rows[0].place, 2);
  EXPECT_EQ(view.rows[0].status, "done");
  EXPECT_EQ(view.rows[4].status, "failed");
  EXPECT_EQ(view.rows[4].place, std::nullopt);
  EXPECT_EQ(view.rows[5].status, "waiting");
  EXPECT_EQ(view.rows[5].result(), nullptr);
  EXPECT_EQ(view.rows[5].numbers.size(), 1U);
}

TEST_F(SweepViewTest, HalvingGoesOnWithTheBestOfARung) {
  begin("random", "successive_halving = {eta = 3, min_epochs = 3}\n");
  for (std::int64_t trial = 0; trial < 12; ++trial) end(trial, 0, 1.0 - 0.05 * static_cast<double>(trial));
  end(11, 1, 0.1);
  const SweepView view = read_sweep(path_);
  EXPECT_EQ(view.rows[11].status, "done");
  EXPECT_EQ(view.rows[10].status, "waiting");
  EXPECT_EQ(view.rows[0].status, "stopped");
  EXPECT_EQ(view.rows[11].place, 1);
  EXPECT_EQ(view.trainings, 16);
}

TEST_F(SweepViewTest, MembersOfAPopulationWaitForTheirLastGeneration) {
  begin("random", "population = 12\ngeneration = 3\n");
  for (std::int64_t member = 0; member < 12; ++member) end(member, 0, static_cast<double>(member), 0, member == 4);
  end(2, 1, 0.5);
  end(4, 1, 0.25);
  end(5, 1, 0.0, 1, true);
  const SweepView view = read_sweep(path_);
  EXPECT_EQ(view.generations, 3);
  EXPECT_EQ(view.generation, 2);
  EXPECT_EQ(view.trainings, 36);
  EXPECT_EQ(view.trainings_done, 15);
  EXPECT_EQ(view.rows[2].status, "waiting");
  EXPECT_EQ(view.rows[4].status, "waiting") << "it failed, and went on as a copy";
  EXPECT_EQ(view.rows[5].status, "failed");
  EXPECT_EQ(view.rows[4].place, 1) << "of a later generation";
  EXPECT_EQ(view.rows[2].place, 2);
  EXPECT_EQ(view.rows[0].place, 3);
  ASSERT_EQ(view.rows[4].lineage.size(), 2U);
  const std::int64_t source = view.rows[4].lineage[0].member;
  EXPECT_LT(source, 3) << "a quarter of all, the best";
  EXPECT_NE(view.rows[4].numbers, view.rows[static_cast<std::size_t>(source)].numbers);
  EXPECT_EQ(view.rows[0].lineage.size(), 1U) << "as far as it was trained";
  EXPECT_TRUE(view.importance.single.empty());
  for (std::int64_t member = 0; member < 12; ++member) {
    end(member, 1, 1.0, 2);
    end(member, 2, 1.0, 2);
  }
  EXPECT_EQ(read_sweep(path_).rows[2].status, "done");
}

TEST_F(SweepViewTest, BoxesLieAroundTheBest) {
  begin("coarse_to_fine");
  for (std::int64_t trial = 0; trial < 4; ++trial) end(trial, 0, static_cast<double>(trial) + 1.0);
  const SweepView view = read_sweep(path_);
  ASSERT_EQ(view.rows.size(), 8U);  // two of three rounds were begun
  ASSERT_EQ(view.boxes.size(), 2U);
  EXPECT_EQ(view.rounds, 3);
  for (std::size_t t = 4; t < 8; ++t) {
    // Each in the box that has its turn, on the scale of the logarithm.
    const double place = (std::log10(view.rows[t].numbers[0]) + 4.0) / 3.0;
    const SearchBox& box = view.boxes[t % 2];
    EXPECT_EQ(box.round, 1);
    EXPECT_EQ(box.width, 0.4);
    EXPECT_GE(place, box.low[0] - 1e-9);
    EXPECT_LE(place, box.low[0] + box.width + 1e-9);
  }
}

TEST_F(SweepViewTest, EqualTrialsHaveWhatTheFirstOfThemHas) {
  std::ofstream(folder_ / "config.toml") << "[sweep]\ntrials = 6\nsearch = \"grid\"\n[sweep.space]\n"
                                            "\"optimizer.learning_rate\" = {choices = [0.1, 0.2]}\n";
  std::ofstream(folder_ / "fingerprint") << "x\n";
  end(0, 0, 0.5);
  end(2, 0, 0.75);  // 0 again, as a version that trained it a second time left it
  const SweepView view = read_sweep(path_);
  ASSERT_EQ(view.rows.size(), 6U);
  EXPECT_EQ(view.trainings, 2);
  EXPECT_EQ(view.trainings_done, 1);
  for (const std::size_t t : {0U, 2U, 4U}) {
    EXPECT_EQ(view.rows[t].status, "done");
    EXPECT_EQ(view.rows[t].result()->train_loss, 0.5);
    EXPECT_EQ(view.rows[t].place, 1);
    EXPECT_EQ(view.rows[t].same_as, t == 0 ? std::nullopt : std::optional<std::int64_t>(0));
    EXPECT_EQ(view.rows[t + 1].status, "waiting");
  }
}

TEST_F(SweepViewTest, EqualTrialsWaitTogetherForTheNextRung) {
  std::ofstream(folder_ / "config.toml")
      << "[train]\nepochs = 4\n[sweep]\ntrials = 4\nsearch = \"grid\"\nsuccessive_halving = {eta = 2, min_epochs = 2}\n"
         "[sweep.space]\n\"optimizer.learning_rate\" = {choices = [0.1, 0.2]}\n";
  std::ofstream(folder_ / "fingerprint") << "x\n";
  end(0, 0, 0.5);
  end(1, 0, 0.75);
  const SweepView view = read_sweep(path_);
  EXPECT_EQ(view.trainings, 3);
  for (const std::size_t t : {0U, 2U}) EXPECT_EQ(view.rows[t].status, "waiting") << t;
  for (const std::size_t t : {1U, 3U}) EXPECT_EQ(view.rows[t].status, "stopped") << t;
}

TEST_F(SweepViewTest, AFolderWithoutASweepIsNone) { EXPECT_THROW(static_cast<void>(read_sweep(path_)), Error); }

}  // namespace
}  // namespace shoal
