#include "shoal/config/sweep_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shoal/config/config.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

Config config_of(const std::string& sweep, const std::string& space, const std::string& rest = "") {
  return parse_config(rest + "\n[sweep]\n" + sweep + "\n[sweep.space]\n" + space + "\n", "test", "/");
}

constexpr const char* rate = "\"optimizer.learning_rate\" = {scale = \"log\", min = 1e-4, max = 1.0}";

/// The message of the usage error that reading throws.
std::string fault(const std::string& sweep, const std::string& space, const std::string& rest = "") {
  try {
    check_sweep(config_of(sweep, space, rest));
  } catch (const Error& error) {
    EXPECT_EQ(error.status(), ExitStatus::usage);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "no error";
}

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(SweepSettings, ReadsAllKeys) {
  const Config config = config_of(
      "trials = 9\nsearch = \"quasi_random\"\nmetric = \"validation.accuracy\"\nsuccessive_halving = {eta = 2, "
      "min_epochs = 3}\nranks_per_trial = 2",
      std::string(rate) +
          "\n\"model.width\" = {scale = \"linear\", min = 32, max = 256, integer = true}\n"
          "\"data.batch_size\" = {choices = [64, 128]}\n\"optimizer.l2\" = {min = 0, max = 1}\n"
          "\"model.hidden\" = {choices = [[64], [64, 32]]}\n\"model.batch_norm.enabled\" = {choices = [true, false]}");
  EXPECT_NO_THROW(check_sweep(config));
  const SweepSettings& s = config.sweep;
  EXPECT_EQ(s.trials, 9);
  EXPECT_EQ(s.search, Search::quasi_random);
  EXPECT_EQ(s.metric, Metric::validation_accuracy);
  EXPECT_EQ(s.successive_halving, (SuccessiveHalving{true, 2, 3}));
  EXPECT_EQ(s.ranks_per_trial, 2);
  ASSERT_EQ(s.space.size(), 6U);
  EXPECT_EQ(s.space[0].choices, (std::vector<std::string>{"64", "128"}));
  EXPECT_EQ(s.space[2].choices, (std::vector<std::string>{"[64]", "[64, 32]"}));
  EXPECT_EQ(s.space[3].integer, true);
  EXPECT_EQ(s.space[4].scale, Scale::linear) << "the default";
  EXPECT_EQ(s.space[5].scale, Scale::log);
}

TEST(SweepSettings, AreWrittenInFull) {
  const std::string defaults = to_toml(config_of("", rate));
  for (const char* line : {"\ntrials = 32\n", "\nsearch = \"random\"\n", "\nmetric = \"validation.loss\"\n",
                           "\nranks_per_trial = 1\n", "\nsuccessive_halving.enabled = false\n"})
    EXPECT_THAT(defaults, HasSubstr(line));
}

TEST(SweepSettings, BatchNormIsSearchedByItsShortName) {
  Config config = config_of("", "\"model.batch_norm\" = {choices = [true, false]}");
  ASSERT_EQ(config.sweep.space.size(), 1U);
  EXPECT_EQ(config.sweep.space[0].key, "model.batch_norm.enabled");
  EXPECT_EQ(config.sweep.space[0].choices, (std::vector<std::string>{"true", "false"}));
  set_keys(config, "sweep.space.\"model.batch_norm\".choices = [true]");
  ASSERT_EQ(config.sweep.space.size(), 1U) << "not a second time";
  EXPECT_EQ(config.sweep.space[0].choices, (std::vector<std::string>{"true"}));
}

TEST(SweepSettings, AListOfLayersIsNoHyperparameter) {
  try {
    config_of("", "\"model.layers\" = {choices = [[{type = \"dense\", units = 4}]]}");
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), HasSubstr("model.layers\" cannot be searched: a list of layers is no value of a table"));
    EXPECT_THAT(e.what(), Not(HasSubstr("same data")));
  }
}

TEST(SweepSettings, WholeNumberKeysAreSearchedInWholeNumbers) {
  EXPECT_TRUE(config_of("", "\"data.batch_size\" = {scale = \"log\", min = 16, max = 256}").sweep.space[0].integer);
  EXPECT_FALSE(config_of("", rate).sweep.space[0].integer);
}

TEST(SweepSettings, MistakesNameTheirPlace) {
  EXPECT_THAT(fault("trials = 0", rate), testing::StartsWith("test:3:10: sweep.trials is 0; use"));
  EXPECT_THAT(fault("search = \"rand\"", rate), testing::StartsWith("test:3:10: sweep.search is"));
  EXPECT_THAT(fault("", "\"optimizer.l2\" = {min = 1.0, max = 0.5}"),
              testing::StartsWith("test:5:1: sweep.space.\"optimizer.l2\" has min"));
  Config config = config_of("trials = 9", rate);
  try {
    set_keys(config, "sweep.trials=0");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("sweep.trials=0: sweep.trials is 0; use"));
  }
}

TEST(SweepSettings, MistakesInSweep) {
  EXPECT_THAT(fault("trials = 0", rate), AllOf(HasSubstr("sweep.trials"), HasSubstr("0"), HasSubstr("from 1")));
  EXPECT_THAT(fault("trials = \"many\"", rate), HasSubstr("the string \"many\""));
  EXPECT_THAT(fault("search = \"grit\"", rate), HasSubstr("did you mean \"grid\"?"));
  EXPECT_THAT(fault("metric = \"validation.los\"", rate), HasSubstr("did you mean \"validation.loss\"?"));
  EXPECT_THAT(fault("metric = 3", rate), HasSubstr("use one of"));
  EXPECT_THAT(fault("ranks_per_trial = -1", rate), HasSubstr("sweep.ranks_per_trial"));
  EXPECT_THAT(fault("keep = -1", rate), HasSubstr("sweep.keep"));
  EXPECT_THAT(fault("", ""), HasSubstr("no [sweep.space]"));
  EXPECT_THAT(fault("successive_halving = {eta = 1}", rate), HasSubstr("eta is 1; use a whole number from 2"));
  EXPECT_THAT(fault("successive_halving = {eta = 4}", rate, "train.epochs = 3"), HasSubstr("use 4 epochs or more"));
  EXPECT_THAT(fault("successive_halving = {eta = 2}", rate, "train.steps = 30"), HasSubstr("counts epochs"));
  EXPECT_THAT(fault("successive_halving = {eta = 2}", "\"train.epochs\" = {min = 5, max = 9}"),
              HasSubstr("leave train.epochs out"));
}

TEST(SweepSettings, AMetricThatSomeTrialLacksIsRefused) {
  const std::string accuracy = "metric = \"validation.accuracy\"";
  const auto losses = [](const std::string& list) { return "\"model.loss\" = {choices = [" + list + "]}"; };
  EXPECT_THAT(
      fault(accuracy, rate, "model.loss = \"mse\""),
      testing::StartsWith("test:3:10: sweep.metric = \"validation.accuracy\" counts right classes, and model.loss"));
  EXPECT_THAT(fault(accuracy, losses("\"softmax\", \"mse\"")), HasSubstr("counts right classes"));
  EXPECT_EQ(fault(accuracy, losses("\"softmax\", \"sigmoid\""), "model.loss = \"mse\""), "no error");
  EXPECT_THAT(fault("", losses("\"softmax\", \"sigmoid\"")),
              HasSubstr("\"validation.loss\" would compare losses of different kinds"));
  EXPECT_EQ(fault("", losses("\"mse\"")), "no error");
  EXPECT_EQ(fault("", rate, "model.loss = \"mse\""), "no error");
}

TEST(SweepSettings, MistakesInAPopulation) {
  const auto wrong = [](const std::string& sweep, const std::string& rest = "", const std::string& space = rate) {
    const std::string text = "trials = 8\npopulation = 8\n" + sweep;
    return fault(text, space, rest);
  };
  EXPECT_EQ(wrong(""), "no error");
  EXPECT_EQ(wrong("search = \"quasi_random\"\nexploit = 0.5\ngeneration = 3"), "no error");
  EXPECT_THAT(fault("population = 1\ntrials = 1", rate), HasSubstr("sweep.population = 1 has nobody to copy"));
  EXPECT_THAT(fault("population = 8\ntrials = 9", rate),
              AllOf(testing::StartsWith("test:3:14: "), HasSubstr("leave out sweep.trials")));
  EXPECT_THAT(wrong("exploit = 0.6"), HasSubstr("sweep.exploit is 0.6"));
  EXPECT_THAT(wrong("exploit = 0"), HasSubstr("sweep.exploit is 0"));
  EXPECT_THAT(wrong("successive_halving = {eta = 2}"), HasSubstr("exclude each other"));
  EXPECT_THAT(wrong("search = \"coarse_to_fine\""), HasSubstr("\"coarse_to_fine\" learns from trials"));
  EXPECT_THAT(wrong("", "train.steps = 30"), HasSubstr("counts epochs"));
  EXPECT_THAT(wrong("", "", "\"train.epochs\" = {min = 5, max = 9}"), HasSubstr("leave train.epochs out"));
  EXPECT_THAT(wrong("", "train.early_stopping.patience = 3"), HasSubstr("leave out train.early_stopping"));
  EXPECT_THAT(wrong("", "train.epochs = 1"), HasSubstr("train.epochs = 1 is one generation of 1 epoch"));
  EXPECT_THAT(wrong("generation = 10"), HasSubstr("use a shorter sweep.generation"));
  EXPECT_THAT(wrong("", "", "\"model.width\" = {min = 8, max = 64}"),
              HasSubstr("add one like optimizer.learning_rate"));
}

TEST(SweepSettings, TheMembersOfAPopulationAreItsTrials) {
  Config config = config_of("population = 8", rate);
  count_members(config);
  EXPECT_EQ(config.sweep.trials, 8);
  Config said = config_of("population = 8\ntrials = 9", rate);
  count_members(said);
  EXPECT_EQ(said.sweep.trials, 9) << "to be refused";
  Config none = config_of("", rate);
  count_members(none);
  EXPECT_EQ(none.sweep.trials, SweepSettings().trials);
}

TEST(SweepSettings, APopulationStaysWhatItWas) {
  const auto read = [](const std::string& sweep) { return config_of(sweep, rate).sweep; };
  EXPECT_EQ(obstacle(read("population = 8"), read("population = 8\nranks_per_trial = 2")), "");
  EXPECT_EQ(obstacle(read("population = 8"), read("population = 9")),
            "sweep.population = 9 is not what it was begun with (8)");
  EXPECT_EQ(obstacle(read(""), read("population = 9")), "sweep.population = 9 is not what it was begun with (0)");
  EXPECT_EQ(obstacle(read("population = 8"), read("population = 8\ngeneration = 2")),
            "sweep.generation = 2 is not what it was begun with (0)");
  EXPECT_EQ(obstacle(read("population = 8"), read("population = 8\nexploit = 0.5")),
            "sweep.exploit = 0.5 is not what it was begun with (0.25)");
}

TEST(SweepSettings, MistakesInTheSpace) {
  const auto space = [](const std::string& key, const std::string& table) {
    return fault("", '"' + key + "\" = " + table);
  };
  EXPECT_THAT(space("optimizer.learning_rate", "{scale = \"logarithmic\", min = 1e-4, max = 1}"),
              AllOf(HasSubstr("sweep.space.\"optimizer.learning_rate\""), HasSubstr("\"logarithmic\""),
                    HasSubstr("\"one_minus_log\"")));
  EXPECT_THAT(space("optimizer.learning_rate", "{scale = \"log\", max = 1}"), HasSubstr("has no min"));
  EXPECT_THAT(space("optimizer.learning_rate", "{scale = \"log\", min = 1}"), HasSubstr("has no max"));
  EXPECT_THAT(space("optimizer.learning_rate", "{scale = \"log\", min = 1.0, max = 0.1}"),
              HasSubstr("min = 1.0 above max = 0.1"));
  EXPECT_THAT(space("optimizer.l2", "{scale = \"log\", min = 0, max = 0.1}"), HasSubstr("min above 0"));
  EXPECT_THAT(space("optimizer.beta1", "{scale = \"one_minus_log\", min = 0.9, max = 1.0}"), HasSubstr("max below 1"));
  EXPECT_THAT(space("optimizer.beta1", "{min = 0.9, max = 1.5}"), HasSubstr("optimizer.beta1 is 1.5"));
  EXPECT_THAT(space("optimizer.learning_rate", "{min = \"a\", max = 1.5}"), HasSubstr("the string \"a\""));
  EXPECT_THAT(space("optimizer.learning_rate", "0.1"), HasSubstr("use a table"));
  EXPECT_THAT(space("model.width", "{min = 0.5, max = 10}"), HasSubstr("whole number"));
  EXPECT_THAT(space("model.width", "{min = 1, max = 10, integer = false}"), HasSubstr("integer = false"));
  EXPECT_THAT(space("model.activation", "{min = 1, max = 10}"), HasSubstr("use choices"));
  EXPECT_THAT(space("model.activation", "{choices = [\"relu\", \"rellu\"]}"), HasSubstr("did you mean \"relu\"?"));
  EXPECT_THAT(space("data.batch_size", "{choices = [64, \"big\"]}"), HasSubstr("the string \"big\""));
  EXPECT_THAT(space("data.batch_size", "{choices = []}"), HasSubstr("no choices"));
  EXPECT_THAT(space("data.batch_size", "{choices = [64], min = 3}"), HasSubstr("choices and min"));
  EXPECT_THAT(space("data.batch_size", "{choices = [64], scale = \"log\"}"), HasSubstr("the one or the other"));
  EXPECT_THAT(space("seed", "{min = -1, max = 2}"), HasSubstr("a seed is 0 or more"));
  EXPECT_THAT(space("data.fold", "{choices = [\"1/2\"]}"), HasSubstr("the same data"));
  EXPECT_THAT(space("data.split_seed", "{choices = [1, 2]}"), HasSubstr("the same data"));
  EXPECT_THAT(space("data.train", "{choices = [\"train\", \"more\"]}"), HasSubstr("the same data"));
  EXPECT_THAT(space("checkpoint.keep", "{choices = [1, 2]}"), HasSubstr("changes no result"));
  EXPECT_THAT(space("data.validation", "{choices = [0.1]}"), HasSubstr("the same data"));
}

TEST(SweepSettings, SeedsAreSearchedAsWholeNumbersOrChoices) {
  const Dimension range = config_of("", "seed = {min = 1, max = 5}").sweep.space[0];
  EXPECT_TRUE(range.integer);
  EXPECT_EQ(range.max, 5.0);
  EXPECT_EQ(config_of("", "seed = {choices = [1, 20]}").sweep.space[0].choices, (std::vector<std::string>{"1", "20"}));
}

TEST(SweepSettings, FoldsAreTwoOrMoreAndNotBesideAFold) {
  EXPECT_THAT(fault("folds = 1", rate), HasSubstr("use 2 or more"));
  EXPECT_EQ(fault("folds = 5", rate), "no error");
  const auto read = [](const std::string& sweep) { return config_of(sweep, rate).sweep; };
  EXPECT_EQ(obstacle(read("folds = 5"), read("folds = 4")), "sweep.folds = 4 is not what it was begun with (5)");
  EXPECT_EQ(obstacle(read("folds = 5"), read("folds = 5\nfinal_fit = true")), "");
  EXPECT_TRUE(read("folds = 5").fits_finally());
  EXPECT_FALSE(read("folds = 5\nfinal_fit = false").fits_finally());
  EXPECT_FALSE(read("").fits_finally());
  EXPECT_TRUE(read("final_fit = true").fits_finally());
}

TEST(SweepSettings, MoreTrialsAreFineWhereTrialsDoNotDependOnTheirNumber) {
  const auto read = [](const std::string& sweep) { return config_of(sweep, rate).sweep; };
  EXPECT_EQ(obstacle(read("trials = 4"), read("trials = 8\nranks_per_trial = 3\nkeep = 2")), "");
  EXPECT_EQ(obstacle(read("trials = 8"), read("trials = 4")),
            "sweep.trials = 4 is not what it was begun with (8); more are fine");
  EXPECT_EQ(obstacle(read("trials = 4\nsearch = \"grid\""), read("trials = 8\nsearch = \"grid\"")),
            "sweep.trials = 8 is not what it was begun with (4)");
  EXPECT_EQ(obstacle(read("metric = \"train.loss\""), read("")),
            "sweep.metric = validation.loss is not what it was begun with (train.loss)");
  EXPECT_EQ(obstacle(read("search = \"random\""), read("")), "") << "written or not";
  const std::string learning = "search = \"bayesian\"\nround = 4\n";
  EXPECT_EQ(obstacle(read(learning + "trials = 8"), read(learning + "trials = 9")), "");
  EXPECT_EQ(obstacle(read(learning), read("search = \"bayesian\"\nround = 5")),
            "sweep.round = 5 is not what it was begun with (4)");
}

TEST(SweepSettings, ARoundFitsTheTrials) {
  EXPECT_THAT(fault("trials = 8\nround = 9\nsearch = \"tpe\"", rate),
              AllOf(HasSubstr("sweep.round = 9"), HasSubstr("sweep.trials = 8")));
  EXPECT_EQ(fault("trials = 8\nround = 8\nsearch = \"tpe\"", rate), "no error");
  EXPECT_EQ(fault("trials = 8\nround = 9", rate), "no error") << "random has no rounds";
  EXPECT_THAT(
      fault("search = \"bayesian\"\nsuccessive_halving = {eta = 3, min_epochs = 1}", rate, "[train]\nepochs = 9"),
      AllOf(HasSubstr("bayesian"), HasSubstr("successive_halving")));
}

TEST(SweepSettings, ADefaultRoundIsForAllRanksAndLeavesRoundsToLearnFrom) {
  SweepSettings settings;
  settings.trials = 64;
  EXPECT_EQ(default_round(settings, 1), 2);
  EXPECT_EQ(default_round(settings, 4), 8);
  EXPECT_EQ(default_round(settings, 100), 16);
  settings.trials = 2;
  EXPECT_EQ(default_round(settings, 4), 1);
}

}  // namespace
}  // namespace shoal
