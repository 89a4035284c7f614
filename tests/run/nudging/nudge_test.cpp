// Nudges as a run takes them: the same bits when they are repeated, at any number of ranks, resumed, or branched.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "run/train_run.hpp"
#include "shoal/run/job_log.hpp"
#include "shoal/run/nudges.hpp"
#include "shoal/run/run_pulse.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Nudged : public tests::TrainRun {
 protected:
  /// The files that a replay reads of a run that was nudged so.
  void write_original(const std::string& run, const std::vector<std::string>& sets, const std::vector<Nudge>& nudges) {
    run_together(test_world(), [&] {
      if (test_world().rank() != 0) return;
      fs::create_directories(path(run));
      NudgeJournal journal;
      for (const Nudge& nudge : nudges) journal.add(nudge);
      write_text_atomically(path(run) + "/config.toml", to_toml(load_config({}, request(run, sets).sets)));
      write_text_atomically(path(run) + "/nudges.jsonl", journal.text());
    });
  }
  TrainRequest replay_of(const std::string& original, const std::string& run,
                         std::vector<std::string> sets = {}) const {
    TrainRequest r;
    r.replay = path(original);
    r.run = path(run);
    r.sets = std::move(sets);
    return r;
  }
  TrainRequest resume_of(const std::string& run, std::vector<std::string> sets = {}) const {
    TrainRequest r;
    r.resume = path(run);
    r.sets = std::move(sets);
    return r;
  }
  /// The digest that a run with these nudges ends with.
  std::string digest_with(const std::vector<std::string>& sets, const std::vector<Nudge>& nudges) {
    const std::string name = "original-" + std::to_string(++originals_);
    write_original(name, sets, nudges);
    EXPECT_EQ(status_of(replay_of(name, name + "-replay")), ExitStatus::done) << message_;
    return digest_in(name + "-replay");
  }
  /// In a thread of rank 0, beside the training: until somebody may ask the run for something.
  void await_run(const std::string& run) const {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!fs::exists(RunPaths{path(run)}.config()) && std::chrono::steady_clock::now() < patience)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  /// Of a training that lasts until it is asked to end. Should nobody ask, it ends all the same.
  ExitStatus status_of_long(const std::string& run, const std::string& seconds = "40") {
    return status_of(
        request(run, {"train.steps=1000000", "train.max_seconds=" + seconds, "checkpoint.every_epochs=50"}));
  }
  std::vector<Nudge> nudges_in(const std::string& run) const { return NudgeJournal::of_run(path(run)).nudges(); }

  int originals_ = 0;
};

TEST_F(Nudged, ALiveRunTakesNudgesAtOneStepAndReplaysToTheSameDigest) {
  std::string fault;
  std::thread hand;
  if (test_world().rank() == 0) {
    hand = std::thread([&] {
      try {
        const std::string run = path("run");
        await_run("run");
        const auto nudge = [&](const std::vector<std::string>& settings, std::optional<std::int64_t> at_step = {}) {
          return nudge_run(run, settings, at_step, [] { return false; }).nudges;
        };
        const auto first = nudge({"optimizer.learning_rate=2e-2", "model.dropout=0.25"});
        if (first.size() != 2 || first[0].step != first[1].step || NudgeJournal::of_run(run).nudges() != first)
          throw std::runtime_error("the nudge is not in its file");
        if (!fs::exists(RunPaths{run}.checkpoint(first[0].step - 1)))
          throw std::runtime_error("there is no checkpoint before the nudge");
        try {
          nudge({"optimizer.l2=-1"});
          throw std::runtime_error("a wrong value was taken");
        } catch (const Error& e) {
          if (e.status() != ExitStatus::usage) throw;
        }
        // Steps ahead of a run under way: further, until the run has not passed them meanwhile.
        const auto ahead_of_the_run = [](const auto& attempt) {
          for (std::int64_t ahead = 50;; ahead *= 2) {
            try {
              return attempt(ahead);
            } catch (const Error& e) {
              if (e.status() != ExitStatus::usage || ahead > 400000) throw;
            }
          }
        };
        const std::int64_t late = ahead_of_the_run(
            [&](std::int64_t ahead) { return nudge({"optimizer.l2=1e-3"}, first[0].step + ahead)[0].step; });
        ahead_of_the_run(
            [&](std::int64_t ahead) { return nudge({"train.steps=" + std::to_string(late + ahead)})[0].step; });
      } catch (const std::exception& e) {
        fault = e.what();
      }
    });
  }
  EXPECT_EQ(status_of_long("run"), ExitStatus::done) << message_;
  if (hand.joinable()) hand.join();
  EXPECT_EQ(fault, "");
  const std::string expected = digest_in("run");
  EXPECT_EQ(nudges_in("run").size(), 4U);
  EXPECT_EQ(status_of(replay_of("run", "again", {"checkpoint.every_epochs=0"})), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("again"), expected);
  EXPECT_EQ(status_alone(replay_of("run", "alone", {"checkpoint.every_epochs=0"})), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("alone"), expected);
}

TEST_F(Nudged, ALiveRunStopsWhenItIsAskedTo) {
  std::string said;
  std::thread hand;
  if (test_world().rank() == 0) {
    hand = std::thread([&] {
      await_run("run");
      try {
        said = ask_run(path("run"), RunWish::stop, [] { return false; });
      } catch (const std::exception& e) {
        said = e.what();
      }
    });
  }
  EXPECT_EQ(status_of_long("run"), ExitStatus::stopped) << message_;
  if (hand.joinable()) hand.join();
  if (test_world().rank() == 0) {
    EXPECT_THAT(said, HasSubstr("stopped after step "));
    EXPECT_THAT(said, HasSubstr("--resume auto"));
    const std::vector<JobRecord> jobs = jobs_of_run(path("run"));
    ASSERT_TRUE(jobs.size() == 1 && jobs[0].end);
    EXPECT_EQ(jobs[0].end->text, "stopped by request");
  }
  test_world().barrier();
  const auto latest = RunDirectory::latest(path("run"));
  ASSERT_TRUE(latest.has_value());
  const std::string end = "train.steps=" + std::to_string(*latest + 5);
  EXPECT_EQ(status_of(resume_of("run", {end})), ExitStatus::done) << message_;
  const std::string expected = digest_in("run");
  EXPECT_EQ(digest_with({end}, {}), expected) << "it is part of no journal";
}

TEST_F(Nudged, APausedRunWaitsTakesNudgesAndGoesOnToTheSameDigest) {
  std::string fault;
  std::thread hand;
  if (test_world().rank() == 0) {
    hand = std::thread([&] {
      try {
        const std::string run = path("run");
        await_run("run");
        const auto never = [] { return false; };
        const auto expect = [](bool right, const std::string& what) {
          if (!right) throw std::runtime_error(what);
        };
        expect(ask_run(run, RunWish::go_on, never).starts_with("it is not paused"), "a run that is not paused");
        const std::string said = ask_run(run, RunWish::pause, never);
        expect(said.starts_with("paused after step ") && said.ends_with(" --go-on"), said);
        const auto latest = RunDirectory::latest(run);
        expect(latest && said.find(" " + std::to_string(*latest) + ";") != std::string::npos, "it has saved that step");
        expect(is_paused({run}, true) && read_text(RunPaths{run}.paused()) == std::to_string(*latest) + "\n", "told");
        const std::string lines = read_text(RunPaths{run}.metrics());
        const auto nudges = nudge_run(run, {"optimizer.learning_rate=2e-2"}, {}, never).nudges;
        expect(nudges.size() == 1 && nudges[0].step == *latest + 1, "of the step after the pause");
        nudge_run(run, {"train.steps=" + std::to_string(*latest + 20)}, {}, never);
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        expect(read_text(RunPaths{run}.metrics()) == lines, "a paused run trains");
        expect(ask_run(run, RunWish::go_on, never).starts_with("goes on after step "), "it goes on");
      } catch (const std::exception& e) {
        fault = e.what();
      }
    });
  }
  EXPECT_EQ(status_of_long("run"), ExitStatus::done) << message_;
  if (hand.joinable()) hand.join();
  EXPECT_EQ(fault, "");
  EXPECT_FALSE(fs::exists(RunPaths{path("run")}.paused()));
  const std::string expected = digest_in("run");
  EXPECT_EQ(status_of(replay_of("run", "again")), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("again"), expected);
}

TEST_F(Nudged, APausedRunMayEnd) {
  const auto pause = [&](const std::string& run, const std::function<void()>& then) {
    return std::thread([this, run, then] {
      await_run(run);
      try {
        ask_run(path(run), RunWish::pause, [] { return false; });
        then();
      } catch (const std::exception& e) {
        ADD_FAILURE() << e.what();
      }
    });
  };
  std::thread hand;
  const auto stop = [&] { ask_run(path("asked"), RunWish::stop, [] { return false; }); };
  if (test_world().rank() == 0) hand = pause("asked", stop);
  EXPECT_EQ(status_of_long("asked"), ExitStatus::stopped) << message_;
  if (hand.joinable()) hand.join();
  test_world().barrier();
  EXPECT_TRUE(RunDirectory::latest(path("asked")).has_value());
  EXPECT_FALSE(fs::exists(RunPaths{path("asked")}.paused()));
  if (test_world().rank() == 0) hand = pause("timed", [] {});
  EXPECT_EQ(status_of_long("timed", "3"), ExitStatus::stopped) << message_;
  if (hand.joinable()) hand.join();
}

TEST_F(Nudged, ASettingGivenOnResumingIsANudgeOfTheNextStep) {
  EXPECT_EQ(status_of(request("run", {"train.steps=6"})), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(resume_of("run", {"train.steps=12", "optimizer.learning_rate=0.02"})), ExitStatus::done)
      << message_;
  test_world().barrier();
  EXPECT_THAT(nudges_in("run"),
              ElementsAre(Nudge{7, "optimizer.learning_rate", 0.02}, Nudge{7, "train.steps", std::int64_t{12}}));
  EXPECT_THAT(metrics("run"), Contains(AllOf(HasSubstr("\"step\":6,"), HasSubstr("\"learning_rate\":0.001"))));
  EXPECT_THAT(metrics("run"), Contains(AllOf(HasSubstr("\"step\":7,"), HasSubstr("\"learning_rate\":0.02"))));
  const std::string expected = digest_in("run");
  EXPECT_EQ(status_of(replay_of("run", "replay")), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("replay"), expected);
  EXPECT_EQ(digest_with({"train.steps=12"}, {{7, "optimizer.learning_rate", 0.02}}), expected);
  EXPECT_NE(digest_with({"train.steps=12"}, {{8, "optimizer.learning_rate", 0.02}}), expected);
}

TEST_F(Nudged, StoppedBeforeOrAfterANudgeARunStillTakesIt) {
  const std::vector<Nudge> nudges = {{5, "model.dropout", 0.3}, {9, "model.dropout", 0.0}, {7, "optimizer.beta1", 0.8}};
  const std::string expected = digest_with({}, nudges);
  EXPECT_NE(digest_with({}, {nudges[0], nudges[1]}), expected);
  write_original("slow", {}, nudges);
  // One step at a time: each start makes model and optimizer anew, with what holds at its step.
  TrainRequest next = replay_of("slow", "stopped", {"train.max_seconds=1e-9"});
  for (int step = 1; step < 12; ++step) {
    EXPECT_EQ(status_of(next), ExitStatus::stopped) << message_;
    next = resume_of("stopped");
  }
  EXPECT_EQ(status_of(next), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("stopped"), expected);
}

TEST_F(Nudged, TheSameCommandAgainDoesNotUndoNudges) {
  write_original("original", {}, {{3, "optimizer.learning_rate", 0.02}});
  EXPECT_EQ(status_of(replay_of("original", "run", {"train.max_seconds=1e-9"})), ExitStatus::stopped) << message_;
  // As a job does that is started again: it names all settings of the start.
  TrainRequest again = request("run", {"optimizer.learning_rate=0.001", "checkpoint.keep=7", "train.max_seconds=0"});
  again.resume = "auto";
  EXPECT_EQ(status_of(again), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("run"), digest_with({}, {{3, "optimizer.learning_rate", 0.02}}));
}

TEST_F(Nudged, ABranchTakesTheNudgesUpToItsStepAlone) {
  const std::vector<Nudge> nudges = {{5, "optimizer.learning_rate", 0.02}, {9, "optimizer.l2", 0.1}};
  write_original("original", {"checkpoint.keep=1", "checkpoint.every_steps=1"}, nudges);
  EXPECT_EQ(status_of(replay_of("original", "run")), ExitStatus::done) << message_;
  EXPECT_THAT(RunDirectory::checkpoint_steps(path("run")), ::testing::IsSupersetOf({0, 4, 8, 12}));

  TrainRequest branch = resume_of("run");
  branch.rewind = 8;
  branch.run = path("branch");
  EXPECT_EQ(status_of(branch), ExitStatus::done) << message_;
  test_world().barrier();
  EXPECT_THAT(nudges_in("branch"), ElementsAre(nudges[0]));
  const std::string expected = digest_in("branch");
  EXPECT_EQ(expected, digest_with({}, {nudges[0]}));
  EXPECT_EQ(status_of(replay_of("branch", "replay")), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("replay"), expected) << "a branch replays from the very start";

  branch.rewind = 4;
  branch.run = path("other");
  branch.sets = {"optimizer.learning_rate=0.03"};
  EXPECT_EQ(status_of(branch), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("other"), digest_with({}, {{5, "optimizer.learning_rate", 0.03}}));
}

TEST_F(Nudged, TheEndMayBeNudgedBothWays) {
  const std::string to_eighteen = digest_with({"train.steps=18"}, {});
  EXPECT_EQ(digest_with({"train.steps=12"}, {{13, "train.steps", std::int64_t{18}}}), to_eighteen)
      << "after the last step";
  EXPECT_EQ(digest_with({"train.steps=30"}, {{19, "train.steps", std::int64_t{2}}}), to_eighteen) << "at once";
  EXPECT_EQ(
      digest_with({"train.steps=30", "model.batch_norm.running=\"exact\""}, {{19, "train.steps", std::int64_t{2}}}),
      digest_with({"train.steps=18", "model.batch_norm.running=\"exact\""}, {}));
}

TEST_F(Nudged, ANudgeThatDivergesNamesTheWayBack) {
  write_original("original", {"optimizer.name=\"gd\"", "model.batch_norm=false"},
                 {{6, "optimizer.learning_rate", 1e30}});
  EXPECT_EQ(status_of(replay_of("original", "run")), ExitStatus::diverged);
  EXPECT_THAT(message_, HasSubstr("without the nudge of step 6: --resume " + path("run") + " --rewind 5"));
  TrainRequest back = resume_of("run");
  back.rewind = 5;
  back.run = path("back");
  EXPECT_EQ(status_of(back), ExitStatus::done) << message_;
}

TEST_F(Nudged, AReplayStartsWhereItsRunDid) {
  EXPECT_EQ(status_of(request("run")), ExitStatus::done) << message_;
  TrainRequest warm = request("warm", {"seed=9"});
  warm.init_from = path("run/checkpoints/latest");
  EXPECT_EQ(status_of(warm), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(replay_of("warm", "replay")), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("replay"), digest_in("warm"));
  TrainRequest branch = resume_of("warm", {"train.steps=15"});
  branch.run = path("branch");
  EXPECT_EQ(status_of(branch), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(replay_of("branch", "branch-replay")), ExitStatus::done) << message_;
  EXPECT_EQ(digest_in("branch-replay"), digest_in("branch"));
}

TEST_F(Nudged, AnAverageBeginsAndEndsWithItsNudge) {
  const std::vector<std::string> sets = {"train.steps=12", "checkpoint.every_steps=1", "checkpoint.keep=20"};
  const Nudge dropout{6, "model.dropout", 0.25};
  const std::string expected =
      digest_with(sets, {{4, "train.average_decay", 0.9}, dropout, {9, "train.average_decay", 0.0}});
  EXPECT_EQ(status_alone(replay_of("original-1", "alone")), ExitStatus::done);
  EXPECT_EQ(digest_in("alone"), expected);
  const auto link = [](std::int64_t step) { return "step-0000000" + std::to_string(step) + ".h5"; };
  for (const std::int64_t step : {3, 4, 5, 6, 8, 9}) {
    EXPECT_EQ(digest_in("alone", link(step)), digest_in("original-1-replay", link(step))) << step;
    const std::string file = RunPaths{path("alone")}.checkpoint(step);
    EXPECT_EQ(has_average(parse_checkpoint(read_file(file), file)), step >= 4 && step <= 8) << step;
  }
  EXPECT_EQ(digest_with(sets, {dropout}), expected) << "it changes nothing of the training";
}

TEST_F(Nudged, WhatAReplayCannotDoIsRefused) {
  EXPECT_EQ(status_of(replay_of("missing", "x")), ExitStatus::no_input);
  write_original("original", {}, {});
  EXPECT_EQ(status_of(replay_of("original", "x", {"optimizer.l2=1"})), ExitStatus::usage);
  EXPECT_THAT(message_, HasSubstr("optimizer.l2 would change it"));
  EXPECT_EQ(status_of(replay_of("original", "x", {"data.file=" + path("b.h5")})), ExitStatus::done)
      << "nothing says which data it had";
  EXPECT_EQ(status_of(replay_of("x", "y", {"data.file=" + path("a.h5")})), ExitStatus::bad_data);
  EXPECT_THAT(message_, HasSubstr("trained on other data"));
  EXPECT_EQ(status_of(replay_of("original", "x")), ExitStatus::taken);
  TrainRequest both = replay_of("original", "y");
  both.resume = "auto";
  EXPECT_EQ(status_of(both), ExitStatus::usage);
}

}  // namespace
}  // namespace shoal
