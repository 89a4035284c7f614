// `shoal train` as a function: run directories, resuming at other numbers of ranks, branches.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "mpi_test.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/run.hpp"
#include "shoal/train/run_directory.hpp"
#include "train/checkpoint.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

class TrainRun : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (fs::temp_directory_path() / ("shoal-run-test-" + std::to_string(getpid()))).string();
    test_world().broadcast_string(folder_);
    run_together(test_world(), [&] {
      if (test_world().rank() != 0) return;
      fs::create_directories(folder_);
      synth_spirals({.samples = 500, .features = 4, .classes = 3, .seed = 3, .validation_fraction = 0.2}, folder_ + "/a.h5");
      synth_spirals({.samples = 500, .features = 4, .classes = 3, .seed = 4, .validation_fraction = 0.2}, folder_ + "/b.h5");
    });
  }
  void TearDown() override {
    test_world().barrier();
    if (test_world().rank() == 0) fs::remove_all(folder_);
  }

  TrainRequest request(const std::string& run, std::vector<std::string> sets = {}) const {
    TrainRequest r;
    r.run = folder_ + "/" + run;
    r.sets = {"data.file=" + folder_ + "/a.h5", "data.batch_size=128", "parallel.leaves=4", "model.hidden=[16]", "model.batch_norm=true",
              "train.epochs=3"};
    r.sets.insert(r.sets.end(), sets.begin(), sets.end());
    return r;
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  /// The status a request ends with on this rank; the message, if any, goes to message_.
  ExitStatus status_of(const TrainRequest& request, Communicator& comm) {
    message_.clear();
    try {
      return train_run(request, comm);
    } catch (const Error& e) {
      message_ = e.what();
      return e.status();
    }
  }
  ExitStatus status_of(const TrainRequest& request) { return status_of(request, test_world()); }
  /// On rank 0 alone, as a job of one rank; the others wait.
  ExitStatus status_alone(const TrainRequest& request) {
    std::int64_t status = 0;
    if (test_world().rank() == 0) {
      Communicator alone;
      status = static_cast<std::int64_t>(status_of(request, alone));
    }
    return static_cast<ExitStatus>(test_world().all_max(status));
  }
  /// Every rank reads it: the file is complete when train_run returns on all.
  std::string digest_in(const std::string& run, const std::string& link = "latest") const {
    test_world().barrier();
    const std::string file = path(run) + "/checkpoints/" + link;
    const Archive archive = parse_checkpoint(read_file(file), file);
    EXPECT_EQ(archive.attribute<std::string>("digest"), digest(archive));
    return digest(archive);
  }
  std::vector<std::string> metrics(const std::string& run) const {
    std::istringstream lines(read_text(path(run) + "/metrics.jsonl"));
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);) all.push_back(line.substr(0, line.find(",\"samples_per_second\"")));
    return all;
  }

  std::string folder_;
  std::string message_;
};

TEST_F(TrainRun, LeavesACompleteRunDirectory) {
  EXPECT_EQ(status_of(request("run", {"checkpoint.keep=2"})), ExitStatus::done) << message_;
  test_world().barrier();
  EXPECT_TRUE(fs::exists(path("run/config.toml")));
  EXPECT_EQ(RunDirectory::checkpoint_steps(path("run")).front(), 0);
  EXPECT_EQ(RunDirectory::link_target(path("run"), "latest"), RunDirectory::checkpoint_steps(path("run")).back());
  EXPECT_TRUE(RunDirectory::link_target(path("run"), "best").has_value());
  EXPECT_FALSE(fs::exists(path("run/lock")));
  const auto lines = metrics("run");
  EXPECT_NE(lines.front().find("{\"step\":1,\"epoch\":1,\"loss\":"), std::string::npos) << lines.front();
  EXPECT_NE(lines.back().find("\"split\":\"validation\""), std::string::npos) << lines.back();
}

TEST_F(TrainRun, ResumesMidEpochAtAnotherNumberOfRanks) {
  EXPECT_EQ(status_alone(request("whole", {"train.steps=11"})), ExitStatus::done);
  const std::string expected = digest_in("whole");
  EXPECT_EQ(status_alone(request("parts", {"train.steps=5"})), ExitStatus::done);
  TrainRequest more = request("parts", {"train.steps=11"});
  more.resume = "auto";
  EXPECT_EQ(status_of(more), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("parts"), expected);
  // And back: all ranks start, one goes on.
  EXPECT_EQ(status_of(request("back", {"train.steps=5"})), ExitStatus::done) << message_;
  more.run = path("back");
  EXPECT_EQ(status_alone(more), ExitStatus::done);
  EXPECT_EQ(digest_in("back"), expected);
}

TEST_F(TrainRun, OutOfTimeAllRanksStopAtOneStepAndNothingIsLost) {
  EXPECT_EQ(status_alone(request("whole")), ExitStatus::done);
  TrainRequest stopped = request("stopped", {"train.max_seconds=1e-9"});
  EXPECT_EQ(status_of(stopped), ExitStatus::stopped) << message_;
  EXPECT_EQ(RunDirectory::link_target(path("stopped"), "latest"), 1);
  TrainRequest more = request("stopped", {"train.max_seconds=0"});
  more.resume = "auto";
  EXPECT_EQ(status_of(more), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("stopped"), digest_in("whole"));
  EXPECT_EQ(digest_in("stopped", "best"), digest_in("whole", "best"));
  test_world().barrier();
  EXPECT_EQ(metrics("stopped"), metrics("whole"));
}

TEST_F(TrainRun, FinishedRunsAreLeftAloneAndNewOnesDoNotOverwrite) {
  EXPECT_EQ(status_of(request("run")), ExitStatus::done);
  const std::string before = digest_in("run");
  EXPECT_EQ(status_of(request("run")), ExitStatus::taken);
  EXPECT_NE(message_.find("--resume auto"), std::string::npos) << message_;
  TrainRequest again = request("run");
  again.resume = "auto";
  EXPECT_EQ(status_of(again), ExitStatus::done);
  EXPECT_EQ(digest_in("run"), before);
  TrainRequest fresh = request("nothing-there");
  fresh.resume = "auto";
  EXPECT_EQ(status_of(fresh), ExitStatus::done) << "nothing to resume: a start";
  EXPECT_EQ(digest_in("nothing-there"), before);
}

TEST_F(TrainRun, FallsBackToTheNewestSoundCheckpoint) {
  EXPECT_EQ(status_of(request("run")), ExitStatus::done);
  const std::string expected = digest_in("run");
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    const std::string newest = RunDirectory::checkpoint_path(path("run"), *RunDirectory::link_target(path("run"), "latest"));
    std::vector<std::byte> bytes = read_file(newest);
    bytes[bytes.size() / 2] ^= std::byte{4};
    write_atomically(newest, bytes);
  });
  TrainRequest again = request("run");
  again.resume = "auto";
  EXPECT_EQ(status_of(again), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("run"), expected);
}

TEST_F(TrainRun, ARewindBranchesAndNamesItsParent) {
  EXPECT_EQ(status_of(request("run")), ExitStatus::done);
  const std::string whole = digest_in("run");
  TrainRequest back = request("branch");
  back.resume = path("run");
  back.rewind = 0;
  EXPECT_EQ(status_of(back), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("branch"), whole) << "the same settings lead to the same place";
  const std::string file = path("branch/checkpoints/latest");
  EXPECT_NE(parse_checkpoint(read_file(file), file).attribute<std::string>("parent").find("run/checkpoints/step-00000000.h5"), std::string::npos);
  back.rewind = 77;
  back.run = path("other");
  EXPECT_EQ(status_of(back), ExitStatus::no_input);
  EXPECT_NE(message_.find("no checkpoint of step 77"), std::string::npos) << message_;
}

TEST_F(TrainRun, StartsFromTheParametersOfAnother) {
  EXPECT_EQ(status_of(request("run")), ExitStatus::done);
  TrainRequest from = request("tuned", {"optimizer.learning_rate=1e-9", "optimizer.name=\"gd\""});
  from.init_from = path("run/checkpoints/latest");
  EXPECT_EQ(status_of(from), ExitStatus::done) << message_;
  test_world().barrier();
  const auto weight = [&](const std::string& run) {
    const std::string file = path(run) + "/checkpoints/latest";
    return parse_checkpoint(read_file(file), file).array("parameters/01_dense/weight").values<float>()[5];
  };
  EXPECT_NEAR(weight("tuned"), weight("run"), 1e-6);
  from.sets.emplace_back("model.hidden=[17]");
  from.run = path("other");
  EXPECT_EQ(status_of(from), ExitStatus::bad_data);
  EXPECT_NE(message_.find("of another model"), std::string::npos) << message_;
}

TEST_F(TrainRun, WhatCannotGoOnTogetherIsRefusedAndNothingIsLost) {
  EXPECT_EQ(status_of(request("run")), ExitStatus::done);
  const std::string before = digest_in("run");
  TrainRequest other = request("run", {"model.hidden=[17]"});
  other.resume = "auto";
  EXPECT_EQ(status_of(other), ExitStatus::usage);
  EXPECT_NE(message_.find("model.hidden"), std::string::npos) << message_;
  other = request("run", {"data.file=" + path("b.h5")});
  other.resume = "auto";
  EXPECT_EQ(status_of(other), ExitStatus::bad_data);
  EXPECT_NE(message_.find("trained on other data"), std::string::npos) << message_;
  other = request("x", {"data.file=" + path("missing.h5")});
  EXPECT_EQ(status_of(other), ExitStatus::no_input) << message_;
  EXPECT_FALSE(fs::exists(path("x")));
  EXPECT_EQ(digest_in("run"), before);
}

TEST_F(TrainRun, DivergenceKeepsTheLastGoodCheckpoint) {
  EXPECT_EQ(status_of(request("run", {"optimizer.name=\"gd\"", "optimizer.learning_rate=1e30", "model.batch_norm=false"})), ExitStatus::diverged);
  EXPECT_NE(message_.find("the last good checkpoint is"), std::string::npos) << message_;
  EXPECT_FALSE(digest_in("run").empty());
}

}  // namespace
}  // namespace shoal
