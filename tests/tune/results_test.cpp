#include "tune/results.hpp"

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
                       {.key = "optimizer.learning_rate", .scale = Scale::log, .min = 0.1, .max = 0.1}};
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
            "model.activation,model.hidden,optimizer.learning_rate,reason");
  std::getline(lines, line);
  const std::string activation = made.rows[0].values[0] == "\"relu\"" ? "relu" : "tanh";
  EXPECT_EQ(line, "0,2,done,0,0,1,0.30000000000000004,0.5,2,0.25," + activation + ",\"[8, 4]\",0.1,");
  std::getline(lines, line);
  EXPECT_TRUE(line.starts_with("1,,failed,0,0,1,,,,,")) << line;
  EXPECT_TRUE(line.ends_with(",\"the loss is nan, \"\"sorry\"\"\"")) << line;
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

}  // namespace
}  // namespace shoal
