// `shoal train` as a function: run directories, resuming at other numbers of ranks, branches.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "run/train_run.hpp"
#include "shoal/optim/averaging.hpp"
#include "shoal/run/metrics.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

using tests::TrainRun;
namespace fs = std::filesystem;

TEST_F(TrainRun, LeavesACompleteRunDirectory) {
  EXPECT_EQ(status_of(request("run", {"checkpoint.keep=2"})), ExitStatus::done) << message_;
  test_world().barrier();
  EXPECT_TRUE(fs::exists(path("run/config.toml")));
  EXPECT_EQ(RunDirectory::checkpoint_steps(path("run")).front(), 0);
  EXPECT_EQ(RunDirectory::latest(path("run")), RunDirectory::checkpoint_steps(path("run")).back());
  EXPECT_TRUE(RunDirectory::best(path("run")).has_value());
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
  EXPECT_EQ(RunDirectory::latest(path("stopped")), 1);
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
  test_world().barrier();  // all have read it
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    const std::string newest = RunPaths{path("run")}.checkpoint(*RunDirectory::latest(path("run")));
    std::vector<std::byte> bytes = read_file(newest);
    bytes[bytes.size() / 2] ^= std::byte{4};
    write_atomically(newest, bytes);
  });
  TrainRequest again = request("run");
  again.resume = "auto";
  EXPECT_EQ(status_of(again), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("run"), expected);
}

TEST_F(TrainRun, AnExtendedRunGoesOnFromTheAveragesThatExactStatisticsReplaced) {
  const std::vector<std::string> exact = {"model.batch_norm.running=\"exact\"", "checkpoint.keep=9"};
  TrainRequest whole = request("whole", exact);
  whole.sets.emplace_back("train.epochs=5");
  EXPECT_EQ(status_alone(whole), ExitStatus::done);
  EXPECT_EQ(status_of(request("parts", exact)), ExitStatus::done) << message_;
  TrainRequest more = request("parts", exact);
  more.sets.emplace_back("train.epochs=5");
  more.resume = "auto";
  EXPECT_EQ(status_of(more), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("parts"), digest_in("whole"));
  EXPECT_EQ(digest_in("parts", "step-00000016.h5"), digest_in("whole", "step-00000016.h5")) << "the epoch between";
  test_world().barrier();
  EXPECT_EQ(metrics("parts").back(), metrics("whole").back());
}

/// What is best goes by what each checkpoint predicts with: the last one with exact statistics, those before with
/// averages.
TEST_F(TrainRun, ExactStatisticsCompeteForBest) {
  for (const std::string momentum : {"0.001", "0.3"}) {
    const std::string run = "exact" + momentum;
    const std::vector<std::string> sets = {"model.batch_norm={running=\"exact\",momentum=" + momentum + "}",
                                           "checkpoint.keep=9", "data.validation=0.3"};
    EXPECT_EQ(status_of(request(run, sets)), ExitStatus::done) << message_;
    test_world().barrier();
    if (test_world().rank() != 0) continue;
    std::vector<EvaluationRecord> evaluations;
    std::istringstream lines(read_text(path(run) + "/metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      const auto read = parse_metrics_line(line);
      if (const auto* evaluation = read ? std::get_if<EvaluationRecord>(&*read) : nullptr)
        add_evaluation(evaluations, *evaluation);
    }
    if (evaluations.size() < 2) {
      ADD_FAILURE() << "it evaluates each epoch";
      continue;
    }
    const auto best = std::ranges::min_element(evaluations, {}, &EvaluationRecord::loss);
    const std::string file = path(run) + "/checkpoints/best";
    EXPECT_EQ(read_progress(parse_checkpoint(read_file(file), file)).step, best->step) << momentum;
    EXPECT_NEAR(read_progress(parse_checkpoint(read_file(file), file)).best_loss, best->loss, 1e-8);
  }
}

/// The average is that of the parameters in the checkpoints of each step, to the last bit, and so are its statistics.
TEST_F(TrainRun, AnAverageOfWeightsIsKeptAndResumed) {
  const std::vector<std::string> sets = {"train.average_decay=0.8", "train.steps=11", "checkpoint.every_steps=1",
                                         "checkpoint.keep=20", "optimizer.name=\"momentum\""};
  EXPECT_EQ(status_of(request("run", sets)), ExitStatus::done) << message_;
  test_world().barrier();
  const auto checkpoint = [&](std::int64_t step) {
    const std::string file = RunPaths{path("run")}.checkpoint(step);
    return parse_checkpoint(read_file(file), file);
  };
  const Archive start = checkpoint(0);
  EXPECT_TRUE(has_average(start));
  for (const auto& [average_name, name] :
       {std::pair("averaged_parameters/01_dense/weight", "parameters/01_dense/weight"),
        std::pair("averaged_parameters/02_batch_norm/gamma", "parameters/02_batch_norm/gamma")}) {
    const auto first = start.array(name).values<float>();
    std::vector<float> average(first.begin(), first.end());
    for (std::int64_t step = 0; step <= 11; ++step) {
      const Archive archive = checkpoint(step);
      if (step > 0) move_average(average_share(0.8, step), archive.array(name).values<float>(), average);
      const auto kept = archive.array(average_name).values<float>();
      EXPECT_EQ(std::vector<float>(kept.begin(), kept.end()), average) << name << " of step " << step;
    }
  }
  const auto first = start.array("batch_norm/02_batch_norm/variance").values<double>();
  std::vector<double> average(first.begin(), first.end());
  for (std::int64_t step = 1; step <= 11; ++step) {
    const Archive archive = checkpoint(step);
    move_average(average_share(0.8, step), archive.array("batch_norm/02_batch_norm/variance").values<double>(),
                 average);
    const auto kept = archive.array("averaged_batch_norm/02_batch_norm/variance").values<double>();
    EXPECT_EQ(std::vector<double>(kept.begin(), kept.end()), average) << step;
  }

  EXPECT_EQ(status_alone(request("parts", {"train.average_decay=0.8", "train.steps=5", "optimizer.name=\"momentum\""})),
            ExitStatus::done);
  TrainRequest more = request("parts", sets);
  more.resume = "auto";
  EXPECT_EQ(status_of(more), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("parts"), digest_in("run"));
  // It is part of the digest, and no part of the training.
  EXPECT_EQ(status_of(request("without", {"train.steps=11", "optimizer.name=\"momentum\""})), ExitStatus::done);
  EXPECT_NE(digest_in("without"), digest_in("run"));
  const auto last_weights = [&](const std::string& run) {
    const std::string file = path(run) + "/checkpoints/latest";
    const Archive archive = parse_checkpoint(read_file(file), file);
    const auto values = archive.array("parameters/01_dense/weight").values<float>();
    return std::vector<float>(values.begin(), values.end());
  };
  EXPECT_EQ(last_weights("without"), last_weights("run"));
}

TEST_F(TrainRun, SaysWhichWeightsAreEvaluatedFromHereOn) {
  EXPECT_EQ(status_of(request("with", {"train.average_decay=0.9", "train.steps=5"})), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(request("without", {"train.steps=5"})), ExitStatus::done) << message_;
  const auto said = [&](const std::string& run, const std::string& decay) {
    TrainRequest branch;
    branch.resume = path(run);
    branch.run = path(run + decay);
    branch.sets = {"train.average_decay=" + decay, "train.steps=7"};
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(status_of(branch), ExitStatus::done) << message_;
    const std::string log = ::testing::internal::GetCapturedStderr();
    if (test_world().rank() != 0) return std::string();
    EXPECT_NE(log.find("going on after step 5 of 7"), std::string::npos) << log;
    const std::size_t at = log.find("what is evaluated is ");
    return at == std::string::npos ? "nothing" : log.substr(at + 21, log.find('\n', at) - at - 21);
  };
  const auto expect = [&](const std::string& run, const std::string& decay, const std::string& line) {
    const std::string found = said(run, decay);
    if (test_world().rank() == 0) {
      EXPECT_EQ(found, line) << run << ' ' << decay;
    }
  };
  expect("with", "0.9", "the average of weights, train.average_decay = 0.9");
  expect("with", "0.5", "the average of weights, train.average_decay = 0.5");
  expect("with", "0", "the last weights, and no average of them from here on: train.average_decay = 0");
  expect("without", "0.5", "the average of weights, train.average_decay = 0.5");
  expect("without", "0", "nothing");
}

TEST_F(TrainRun, OfLayersThatChangedTheFirstIsNamed) {
  const std::string begin = R"(model.layers=[{type="dense",units=8},{type="relu"},{type="dense",units=)";
  TrainRequest first = request("run", {begin + "9}]"});
  std::erase(first.sets, "model.hidden=[16]");
  std::erase(first.sets, "model.batch_norm=true");
  EXPECT_EQ(status_of(first), ExitStatus::done) << message_;
  TrainRequest more;
  more.resume = path("run");
  more.sets = {begin + "10}]"};
  EXPECT_EQ(status_of(more), ExitStatus::usage);
  EXPECT_EQ(message_.substr(0, message_.find(" is not what")), "model.layers[2] = {type = \"dense\", units = 10}");
  EXPECT_NE(message_.find("({type = \"dense\", units = 9})"), std::string::npos) << message_;
}

TEST_F(TrainRun, AnExtendedRunWithAnAverageGoesOnFromItsOwnStatistics) {
  const std::vector<std::string> exact = {"model.batch_norm.running=\"exact\"", "checkpoint.keep=9",
                                          "train.average_decay=0.9"};
  TrainRequest whole = request("whole", exact);
  whole.sets.emplace_back("train.epochs=4");
  EXPECT_EQ(status_alone(whole), ExitStatus::done);
  EXPECT_EQ(status_of(request("parts", exact)), ExitStatus::done) << message_;
  TrainRequest more = request("parts", exact);
  more.sets.emplace_back("train.epochs=4");
  more.resume = "auto";
  EXPECT_EQ(status_of(more), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("parts"), digest_in("whole"));
  EXPECT_EQ(metrics("parts").back(), metrics("whole").back());
}

TEST_F(TrainRun, GoingBackToABestCheckpointKeepsItTheBest) {
  EXPECT_EQ(status_of(request("run", {"checkpoint.keep=9"})), ExitStatus::done) << message_;
  test_world().barrier();
  run_together(test_world(), [&] {
    if (test_world().rank() != 0) return;
    for (const std::int64_t step : {8, 12}) fs::remove(RunPaths{path("run")}.checkpoint(step));
  });
  TrainRequest worse = request("run", {"checkpoint.keep=9", "optimizer.learning_rate=1"});
  worse.resume = path("run/checkpoints/step-00000004.h5");
  EXPECT_EQ(status_of(worse), ExitStatus::done) << message_;
  EXPECT_EQ(RunDirectory::best(path("run")), 4);
}

TEST_F(TrainRun, AFolderWithoutACheckpointIsAStart) {
  EXPECT_EQ(status_of(request("whole")), ExitStatus::done) << message_;
  const std::string expected = digest_in("whole");
  test_world().barrier();
  if (test_world().rank() == 0) fs::create_directories(path("begun/checkpoints"));
  TrainRequest again = request("begun");
  again.resume = "auto";
  EXPECT_EQ(status_of(again), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("begun"), expected);
  EXPECT_EQ(RunDirectory::checkpoint_steps(path("begun")).front(), 0);
}

TEST_F(TrainRun, ABranchStopsEarlyWhereTheRunItself) {
  // Every evaluation counts as one without progress once the first is done, also in a branch that has no best yet.
  const std::vector<std::string> early = {"train.epochs=9", "checkpoint.keep=9",
                                          "train.early_stopping={patience = 4, min_delta = 10.0}"};
  EXPECT_EQ(status_of(request("run", early)), ExitStatus::done) << message_;
  const std::string expected = digest_in("run");
  TrainRequest back = request("branch");
  back.sets.clear();
  back.resume = path("run");
  back.rewind = 12;
  EXPECT_EQ(status_of(back), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("branch"), expected);
  EXPECT_TRUE(RunDirectory::best(path("branch")).has_value());
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
  EXPECT_NE(
      parse_checkpoint(read_file(file), file).attribute<std::string>("parent").find("run/checkpoints/step-00000000.h5"),
      std::string::npos);
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
  from.init_from = path("run");  // its newest
  from.run = path("alike");
  EXPECT_EQ(status_of(from), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("alike"), digest_in("tuned"));
  from.sets.emplace_back("model.hidden=[17]");
  from.run = path("other");
  EXPECT_EQ(status_of(from), ExitStatus::bad_data);
  EXPECT_NE(message_.find("of another model"), std::string::npos) << message_;
}

TEST_F(TrainRun, StartsFromTheAverageOfAnother) {
  EXPECT_EQ(status_of(request("run", {"train.average_decay=0.9"})), ExitStatus::done) << message_;
  TrainRequest from = request("tuned", {"optimizer.learning_rate=1e-9", "optimizer.name=\"gd\"", "train.steps=1"});
  from.init_from = path("run");
  EXPECT_EQ(status_of(from), ExitStatus::done) << message_;
  test_world().barrier();
  const auto weight = [&](const std::string& run, const std::string& group) {
    const std::string file = path(run) + "/checkpoints/latest";
    return parse_checkpoint(read_file(file), file).array(group + "/01_dense/weight").values<float>()[5];
  };
  EXPECT_NEAR(weight("tuned", "parameters"), weight("run", "averaged_parameters"), 1e-6);
  EXPECT_GT(std::abs(weight("run", "parameters") - weight("run", "averaged_parameters")), 1e-4);
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
  EXPECT_EQ(
      status_of(request("run", {"optimizer.name=\"gd\"", "optimizer.learning_rate=1e30", "model.batch_norm=false"})),
      ExitStatus::diverged);
  EXPECT_NE(message_.find("the last good checkpoint is"), std::string::npos) << message_;
  EXPECT_FALSE(digest_in("run").empty());
}

TEST_F(TrainRun, AValidationLossThatIsNotFiniteIsADivergence) {
  EXPECT_EQ(status_of(request("run", {"optimizer.name=\"gd\"", "optimizer.learning_rate=1e30", "model.batch_norm=false",
                                      "train.steps=1"})),
            ExitStatus::diverged);
  EXPECT_NE(message_.find("the validation loss after step 1 (epoch 1) is nan; lower optimizer.learning_rate"),
            std::string::npos)
      << message_;
  EXPECT_NE(message_.find("the last good checkpoint is " + path("run/checkpoints/step-00000000.h5")), std::string::npos)
      << message_;
  test_world().barrier();
  EXPECT_EQ(RunDirectory::best(path("run")), std::nullopt);
}

TEST_F(TrainRun, StepsThatEndInsideAnEpochAreEvaluated) {
  ASSERT_EQ(status_of(request("run", {"train.steps=6", "data.validation=0"})), ExitStatus::done) << message_;
  test_world().barrier();
  EXPECT_EQ(RunDirectory::best(path("run")), 6);
  // 4 steps an epoch; the loss is the mean over the 2 batches of the second, of 128 samples each.
  const auto lines = metrics("run");
  const auto loss_of = [](const std::string& line) { return std::stod(line.substr(line.find("\"loss\":") + 7)); };
  ASSERT_EQ(lines.size(), 8U) << "6 steps, 2 evaluations";
  EXPECT_NE(lines[7].find("{\"step\":6,\"epoch\":2,\"split\":\"train\",\"loss\":"), std::string::npos) << lines[7];
  EXPECT_NEAR(loss_of(lines[7]), (loss_of(lines[5]) + loss_of(lines[6])) / 2, 1e-8);
}

TEST_F(TrainRun, AProfileChangesNoBitAndItsTraceHasEveryRank) {
  ASSERT_EQ(status_of(request("plain")), ExitStatus::done);
  TrainRequest profiled = request("profiled");
  profiled.profile_trace = path("trace.json");
  ASSERT_EQ(status_of(profiled), ExitStatus::done);
  EXPECT_EQ(digest_in("profiled"), digest_in("plain"));
  const std::string trace = read_text(path("trace.json"));
  for (int rank = 0; rank < test_world().size(); ++rank)
    EXPECT_NE(trace.find("\"rank " + std::to_string(rank) + "\""), std::string::npos);
  EXPECT_NE(trace.find("\"step\""), std::string::npos);
  EXPECT_NE(trace.find("\"coming batch\""), std::string::npos);
}

}  // namespace
}  // namespace shoal
