// Whole sweeps of a population: one table whatever the ranks, kills and lost files, and a winner that can be repeated.
#include <gmock/gmock.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "shoal/run/run.hpp"
#include "shoal/run/verify.hpp"
#include "shoal/train/checkpoint.hpp"
#include "sweep_fixture.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr std::int64_t members = 6;
constexpr std::int64_t generations = 4;

class PopulationRun : public tests::SweepFixture {
 protected:
  /// What is explored takes other paths through a training: another rate, other layers, an average that comes and goes.
  SweepRequest population(const std::string& run, const std::vector<std::string>& sets = {}) const {
    SweepRequest r;
    r.run = path(run);
    r.sets = {"data.file=" + path("a.h5"),
              "train.epochs=7",
              "model.depth=1",
              "model.batch_norm=true",
              "parallel.leaves=4",
              "sweep.population=" + std::to_string(members),
              "sweep.generation=2",
              "sweep.exploit=0.4",
              R"(sweep.space."optimizer.learning_rate"={scale="log",min=1e-3,max=1e-1})",
              R"(sweep.space."model.dropout"={min=0.0,max=0.3})",
              R"(sweep.space."train.average_decay"={choices=[0.0,0.5]})",
              R"(sweep.space."model.width"={min=4,max=20})",
              R"(sweep.space."data.batch_size"={choices=[32,64]})"};
    r.sets.insert(r.sets.end(), sets.begin(), sets.end());
    return r;
  }
  /// As if the job had been killed when `left` trainings were done, and had lost all checkpoints.
  void undo_after(const std::string& run, std::size_t left) const {
    tamper([&] {
      std::string lines;
      for (const auto& entry : fs::directory_iterator(path(run))) {
        if (!entry.path().filename().string().starts_with("journal")) continue;
        lines += read_text(entry.path());
        fs::remove(entry.path());
      }
      std::size_t end = 0;
      for (std::size_t i = 0; i < left; ++i) end = lines.find('\n', end) + 1;
      std::ofstream(path(run + "/journal-7.jsonl")) << lines.substr(0, end + 20);
      for (const char* result : {"sweep.csv", "sweep.jsonl", "sweep.h5", "best.h5"})
        fs::remove(path(run + "/" + result));
      fs::remove_all(path(run + "/winner"));
    });
  }
  std::vector<nlohmann::json> rows(const std::string& run) const {
    std::istringstream lines(text(run + "/sweep.jsonl"));
    std::vector<nlohmann::json> all;
    for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
    return all;
  }
  std::string digest_of(const std::string& file) const {
    test_world().barrier();
    return digest(parse_checkpoint(read_file(path(file)), file));
  }
};

TEST_F(PopulationRun, HasOneTable) {
  EXPECT_EQ(status_alone(population("alone")), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(population("together")), ExitStatus::done) << message_;
  expect_same("alone", "together");
  EXPECT_EQ(status_of(population("pairs", {"sweep.ranks_per_trial=2"})), ExitStatus::done) << message_;
  expect_same("alone", "pairs");
  EXPECT_EQ(text("alone/winner/nudges.jsonl"), text("pairs/winner/nudges.jsonl"));
  bool copied = false;
  for (const nlohmann::json& row : rows("alone")) {
    EXPECT_EQ(row["epochs"], 7);
    EXPECT_EQ(row["curve"].size(), 7U) << "along the lineage";
    ASSERT_EQ(row["lineage"].size(), static_cast<std::size_t>(generations));
    EXPECT_EQ(row["lineage"].back()["member"], row["trial"]);
    EXPECT_EQ(row["lineage"].back()["hyperparameters"], row["hyperparameters"]);
    EXPECT_EQ(row["lineage"].front()["hyperparameters"]["model.width"], row["hyperparameters"]["model.width"]);
    copied |= row["lineage"].front()["member"] != row["trial"];
  }
  EXPECT_TRUE(copied);
}

TEST_F(PopulationRun, ItsWinnerIsRepeatedToTheSameBits) {
  EXPECT_EQ(status_of(population("run")), ExitStatus::done) << message_;
  ASSERT_THAT(text("run/winner/nudges.jsonl"), HasSubstr("optimizer.learning_rate")) << "or this test shows little";
  TrainRequest again;
  again.replay = path("run");
  again.run = path("again");
  EXPECT_EQ(train_run(again, test_world()), ExitStatus::done);
  EXPECT_EQ(digest_of("again/checkpoints/latest"), digest_of("run/best.h5"));
  const Verification verified = verify_run({.run = path("run/winner")}, test_world());
  EXPECT_EQ(verified.first_different(), nullptr);
  EXPECT_EQ(verified.stretches.size(), 1U);
}

TEST_F(PopulationRun, AfterAKillTheTableIsTheSame) {
  EXPECT_EQ(status_alone(population("whole")), ExitStatus::done);
  EXPECT_EQ(status_of(population("run")), ExitStatus::done) << message_;
  for (const std::size_t left : {3U, 15U, 23U}) {
    undo_after("run", left);
    EXPECT_EQ(status_of(resume("run")), ExitStatus::done) << message_;
    expect_same("whole", "run");
    EXPECT_EQ(text("whole/winner/config.toml"), text("run/winner/config.toml"));
  }
}

TEST_F(PopulationRun, OutOfTimeItStopsAndGoesOnThere) {
  EXPECT_EQ(status_alone(population("whole")), ExitStatus::done);
  expect_same_in_parts("whole", population("parts"), "parts", 0.01);
  EXPECT_EQ(digest_of("whole/best.h5"), digest_of("parts/best.h5"));
}

TEST_F(PopulationRun, AMemberThatDivergesGoesOnAsACopy) {
  const std::vector<std::string> wild = {R"(sweep.space."optimizer.learning_rate"={scale="log",min=1e-3,max=1e30})",
                                         "optimizer.name=gd", "model.batch_norm=false"};
  EXPECT_EQ(status_of(population("run", wild)), ExitStatus::done) << message_;
  std::size_t failures = 0;
  for (const auto& entry : fs::directory_iterator(path("run"))) {
    if (!entry.path().filename().string().starts_with("journal")) continue;
    const std::string lines = read_text(entry.path());
    for (std::size_t at = lines.find("\"failed\":true"); at != std::string::npos;
         at = lines.find("\"failed\":true", at + 1))
      ++failures;
  }
  EXPECT_GT(failures, 0U);
  EXPECT_GT(summary_.done, 0);
  for (const nlohmann::json& row : rows("run")) {
    if (row["status"] == "failed") continue;
    EXPECT_LT(row["lineage"].front()["hyperparameters"]["optimizer.learning_rate"], 1e10);
  }
}

TEST_F(PopulationRun, WhatDoesNotFitIsRefused) {
  const auto expect = [&](const SweepRequest& r, ExitStatus status, const std::string& words) {
    EXPECT_EQ(status_of(r), status);
    EXPECT_THAT(message_, HasSubstr(words));
  };
  expect(population("x", {"sweep.trials=9"}), ExitStatus::usage, "leave out sweep.trials");
  EXPECT_EQ(status_of(population("run", {"train.epochs=3"})), ExitStatus::done) << message_;
  expect(resume("run", {"sweep.population=8"}), ExitStatus::usage, "sweep.population = 8 is not what");
  expect(resume("run", {"sweep.generation=1"}), ExitStatus::usage, "sweep.generation = 1 is not what");
  expect(resume("run", {"sweep.exploit=0.2"}), ExitStatus::usage, "sweep.exploit = 0.2 is not what");
}

}  // namespace
}  // namespace shoal
