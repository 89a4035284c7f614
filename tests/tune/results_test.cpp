#include "tune/results/results.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {
namespace {

class Results : public testing::Test {
 protected:
  Results() {
    settings_.trials = 3;
    settings_.space = {{.key = "model.activation", .scale = Scale::choices, .choices = {"\"relu\"", "\"tanh\""}},
                       {.key = "model.hidden", .scale = Scale::choices, .choices = {"[8, 4]"}},
                       {.key = "data.batch_size", .scale = Scale::linear, .min = 1, .max = 1e9, .integer = true}};
    for (std::int64_t trial = 0; trial < 3; ++trial) {
      Outcome outcome;
      outcome.trial = trial;
      outcome.rank = static_cast<int>(trial);
      outcome.seconds = 3.0;
      outcome.curve = {{1, 0.1 + 0.2, 0.5, 2.0 - static_cast<double>(trial), 0.25}};
      trials_.push_back({outcome});
    }
    trials_[1][0].failed = true;
    trials_[1][0].reason = "the loss is nan, \"sorry\"";
  }
  SweepTable table() const { return make_table(settings_, SearchPlan(settings_, 1, 10), trials_); }

  SweepSettings settings_;
  std::vector<History> trials_;
};

TEST_F(Results, CsvHasARowPerTrial) {
  const SweepTable made = table();
  std::istringstream lines(to_csv(made));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line,
            "trial,place,status,round,rung,epochs,train.loss,train.accuracy,validation.loss,validation.accuracy,"
            "model.activation,model.hidden,data.batch_size,reason");
  std::getline(lines, line);
  const std::string activation = made.rows[0].values[0] == "\"relu\"" ? "relu" : "tanh";
  EXPECT_EQ(line, "0,2,done,0,0,1,0.30000000000000004,0.5,2,0.25," + activation + ",\"[8, 4]\"," +
                      made.rows[0].values[2] + ',');
  std::getline(lines, line);
  EXPECT_TRUE(line.starts_with("1,,failed,0,0,1,,,,,")) << line;
  EXPECT_TRUE(line.ends_with(",\"the loss is nan, \"\"sorry\"\"\"")) << line;
}

TEST_F(Results, ImportanceIsOfTheFirstRungWhichAllTrialsHave) {
  settings_.space.erase(settings_.space.begin(), settings_.space.begin() + 2);
  SweepTable made{settings_, {}};
  std::vector<History> trials;
  for (std::int64_t trial = 0; trial < 16; ++trial) {
    const auto value = static_cast<double>(trial);
    TrialRow& row = made.rows.emplace_back();
    row.trial = trial;
    row.numbers = {1.0 + value};
    Outcome outcome;
    outcome.trial = trial;
    outcome.curve = {{1, {}, {}, value, {}}};
    trials.push_back({outcome});
    if (trial >= 8) continue;
    outcome.rung = 1;  // trained on, which turns them round
    outcome.curve = {{2, {}, {}, -value, {}}};
    trials.back().push_back(outcome);
  }
  EXPECT_NEAR(importance_of(made, trials).single[0].correlation.value(), 1.0, 1e-12);
}

TEST_F(Results, ATableAmongTheChoicesIsAnObject) {
  settings_.space = {
      {.key = "train.class_weights", .scale = Scale::choices, .choices = {R"({"0" = 2.0, "b c" = 1e-05})"}},
      {.key = "model.loss", .scale = Scale::choices, .choices = {R"({name = "quantile", levels = [0.1, 0.9]})"}}};
  std::istringstream lines(to_jsonl(table()));
  std::string line;
  std::getline(lines, line);
  const auto values = nlohmann::json::parse(line).at("hyperparameters");
  EXPECT_EQ(values.at("train.class_weights").dump(), R"({"0":2.0,"b c":1e-05})");
  EXPECT_EQ(values.at("model.loss").dump(), R"({"levels":[0.1,0.9],"name":"quantile"})");
}

TEST_F(Results, JsonReadsBack) {
  std::istringstream lines(to_jsonl(table()));
  std::vector<nlohmann::json> rows;
  for (std::string line; std::getline(lines, line);) rows.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[2]["place"], 1);
  EXPECT_EQ(rows[2]["validation.loss"], 0.0);
  EXPECT_EQ(rows[2]["curve"][0]["train.loss"], 0.1 + 0.2);
  EXPECT_EQ(rows[2]["hyperparameters"]["model.hidden"], (std::vector<int>{8, 4}));
  EXPECT_TRUE(rows[1]["place"].is_null());
  EXPECT_TRUE(rows[1]["validation.loss"].is_null());
  EXPECT_EQ(rows[1]["reason"], "the loss is nan, \"sorry\"");
}

TEST_F(Results, TimesAreApart) {
  for (const std::string& text : {to_csv(table()), to_jsonl(table())}) {
    EXPECT_EQ(text.find("seconds"), std::string::npos);
    EXPECT_EQ(text.find("rank"), std::string::npos);
  }
  EXPECT_NE(times_jsonl(trials_).find("{\"trial\":2,\"rung\":0,\"rank\":2,\"seconds\":3.000000}\n"), std::string::npos);
}

TEST_F(Results, Hdf5HoldsTheSame) {
  const std::string path = testing::TempDir() + "shoal_results_test.h5";
  write_h5(table(), path);
  const H5Reader file(path);
  EXPECT_EQ(file.array("curve/validation.loss").shape, (std::vector<std::int64_t>{3, 1}));
  EXPECT_EQ(file.attribute<std::vector<std::string>>("choices/model.activation"),
            (std::vector<std::string>{"relu", "tanh"}));
  const ArrayInfo info = file.array("metric/validation.loss");
  std::vector<double> values(3);
  RandomAccessFile(path).read(info.offset, std::as_writable_bytes(std::span(values)));
  EXPECT_EQ(values[0], 2.0);
  EXPECT_TRUE(std::isnan(values[1])) << "failed";
  EXPECT_EQ(values[2], 0.0);
  std::filesystem::remove(path);
}

TEST_F(Results, TheBestComesFirstForPeople) {
  SweepSummary summary;
  summarise(table(), trials_, summary);
  EXPECT_EQ(summary.done, 2);
  EXPECT_EQ(summary.failed, 1);
  EXPECT_EQ(summary.winner, 2);
  ASSERT_EQ(summary.best.size(), 3U);
  EXPECT_EQ(summary.best[1][1], "2");
}

class EqualTrials : public testing::Test {
 protected:
  EqualTrials() {
    settings_.trials = 5;
    settings_.search = Search::grid;
    settings_.space = {{.key = "model.activation", .scale = Scale::choices, .choices = {"\"relu\"", "\"tanh\""}}};
    for (std::int64_t trial = 0; trial < 2; ++trial) {
      Outcome outcome;
      outcome.trial = trial;
      outcome.curve = {{1, 0.5, 0.5, 2.0 - static_cast<double>(trial), 0.25}};
      trials_.push_back({outcome});
    }
    trials_.resize(5);  // the others equal those two: 0, 1, 0, 1, 0
  }
  SweepTable table() const { return make_table(settings_, SearchPlan(settings_, 1, 10), trials_); }

  SweepSettings settings_;
  std::vector<History> trials_;
};

TEST_F(EqualTrials, HaveTheResultOfTheFirstAndSaySo) {
  std::istringstream lines(to_csv(table()));
  std::vector<std::string> rows;
  for (std::string line; std::getline(lines, line);) rows.push_back(line);
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_TRUE(rows[0].ends_with(",model.activation,reason,same_as")) << rows[0];
  EXPECT_EQ(rows[1], "0,2,done,0,0,1,0.5,0.5,2,0.25,relu,,");
  EXPECT_EQ(rows[2], "1,1,done,0,0,1,0.5,0.5,1,0.25,tanh,,");
  EXPECT_EQ(rows[3], "2,2,done,0,0,1,0.5,0.5,2,0.25,relu,,0");
  EXPECT_EQ(rows[4], "3,1,done,0,0,1,0.5,0.5,1,0.25,tanh,,1");
  EXPECT_EQ(to_jsonl(table()).find("\"same_as\""), to_jsonl(table()).find("\"same_as\":0}\n"));
  const std::string path = testing::TempDir() + "shoal_equal_trials_test.h5";
  write_h5(table(), path);
  std::vector<std::int64_t> same_as(5);
  RandomAccessFile(path).read(H5Reader(path).array("same_as").offset, std::as_writable_bytes(std::span(same_as)));
  EXPECT_EQ(same_as, (std::vector<std::int64_t>{-1, -1, 0, 1, 0}));
  std::filesystem::remove(path);
}

TEST_F(EqualTrials, FailTogetherAndWaitTogether) {
  trials_[1][0].failed = true;
  trials_[0].clear();
  const SweepTable made = table();
  EXPECT_EQ(made.rows[3].status, "failed");
  EXPECT_EQ(made.rows[3].place, std::nullopt);
  EXPECT_EQ(made.rows[4].status, "waiting");
}

TEST_F(EqualTrials, AreCountedApartAndShownOnce) {
  SweepSummary summary;
  summarise(table(), trials_, summary);
  EXPECT_EQ(summary.done, 2);
  EXPECT_EQ(summary.taken_over, 3);
  EXPECT_EQ(summary.winner, 1);
  EXPECT_EQ(summary.best.size(), 3U) << "headings and two";
}

}  // namespace
}  // namespace shoal
