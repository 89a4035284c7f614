#include <gtest/gtest.h>

#include <filesystem>

#include "shoal/core/error.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/io/memory_limit.hpp"
#include "tune/start/start_lines.hpp"
#include "tune/start/sweep_task.hpp"

namespace shoal {
namespace {

/// A model that a host can hold is no bad trial where its ranks would hold it too often: the sweep is refused.
TEST(SweepStart, TrialsThatFitByThemselvesMustFitAtATime) {
  const std::string file = ::testing::TempDir() + "shoal_sweep_start_test.h5";
  synth_spirals({.samples = 300, .features = 4, .classes = 3, .seed = 3}, file);
  const TrainingData data = select_data(Dataset::open(file), Config{});
  std::filesystem::remove(file);
  Config trial;
  trial.model.hidden = {1000, 1000};
  const auto most = static_cast<int>(static_cast<double>(usable_memory()) / estimate_cost(trial, data).model_bytes);
  EXPECT_NO_THROW(check_room(trial, data, {.trainings = most / 2}));
  EXPECT_THROW(check_room(trial, data, {.trainings = 2 * most + 2}), Error);
  trial.model.hidden = {1'000'000'000};
  EXPECT_NO_THROW(check_room(trial, data, {.trainings = 2})) << "the trial fails by itself";
}

TEST(SweepStart, AHostTrainsAsManyTrialsAsItHasGroups) {
  const Communicator alone;
  SweepSettings settings;
  settings.ranks_per_trial = 4;
  const HostLoad load = load_of(alone, settings);
  EXPECT_EQ(load.ranks, 1);
  EXPECT_EQ(load.ranks_on_host, 1);
  EXPECT_EQ(load.trainings, 1);
}

TEST(SweepStart, TooFewTrialsToChooseByResultsAreSaid) {
  SweepSettings settings;
  settings.space = {{.key = "model.dropout", .min = 0.0, .max = 0.5}, {.key = "optimizer.l2", .min = 0.0, .max = 0.5}};
  settings.trials = 6;
  settings.round = 1;
  EXPECT_EQ(too_few_trials_line(settings), "") << "random";
  settings.search = Search::coarse_to_fine;
  EXPECT_EQ(
      too_few_trials_line(settings),
      "sweep.search = \"coarse_to_fine\" needs 8 trials or more to choose by results: with sweep.trials = 6 all are "
      "of its first round, which is random");
  settings.search = Search::bayesian;
  EXPECT_EQ(
      too_few_trials_line(settings),
      "sweep.search = \"bayesian\" needs 7 trials or more to choose by results: with sweep.trials = 6 all are of its "
      "first round, which is spread evenly");
  settings.trials = 7;
  EXPECT_EQ(too_few_trials_line(settings), "");
}

}  // namespace
}  // namespace shoal
