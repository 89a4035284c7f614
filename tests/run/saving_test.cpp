// Saving while training goes on: failures, the pause after one, giving up.
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "run/train_run.hpp"
#include "shoal/comm/session.hpp"

namespace shoal {
namespace {

using tests::TrainRun;
namespace fs = std::filesystem;

class Saving : public TrainRun {
 protected:
  /// A folder that is not empty where a link is to be: no link can be put there, whoever tries.
  void block(const std::string& run, const std::string& link) const {
    run_together(test_world(), [&] {
      if (test_world().rank() == 0) fs::create_directories(path(run) + "/checkpoints/" + link + "/in the way");
    });
  }
  /// On rank 0: some time after the first save that failed, `best` of "run" is in the way no longer.
  std::thread unblock_after(std::chrono::milliseconds time) const {
    if (test_world().rank() != 0) return {};
    return std::thread([this, time] {
      // Step 4 ends the first epoch; its checkpoint is whole before the link to it cannot be made.
      const std::string first = RunPaths{path("run")}.checkpoint(4);
      while (!fs::exists(first)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      std::this_thread::sleep_for(time);
      fs::remove_all(path("run/checkpoints/best"));
    });
  }
};

TEST_F(Saving, AtEveryStepLeavesTheSameRunAsAtTheEndAlone) {
  EXPECT_EQ(status_of(request("end", {"checkpoint.every_epochs=0"})), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(request("always", {"checkpoint.every_steps=1", "checkpoint.keep=2"})), ExitStatus::done);
  EXPECT_EQ(digest_in("always"), digest_in("end"));
  EXPECT_EQ(metrics("always"), metrics("end"));
  EXPECT_TRUE(fs::is_empty(path("always/incarnation-1")));
}

TEST_F(Saving, APlaceThatCannotBeWrittenEndsARunBeforeItsFirstStep) {
  block("run", "latest");
  EXPECT_EQ(status_of(request("run")), ExitStatus::input_output);
  EXPECT_NE(message_.find("checkpoints/latest"), std::string::npos) << message_;
  EXPECT_NE(message_.find("no checkpoint was written"), std::string::npos) << message_;
  test_world().barrier();
  EXPECT_EQ(read_text(path("run/metrics.jsonl")), "");
}

TEST_F(Saving, TooManyFailuresEndTheRunAndTheLastGoodCheckpointIsNamed) {
  block("run", "best");
  EXPECT_EQ(status_of(request("run", {"checkpoint.give_up=1", "train.epochs=1000000"})), ExitStatus::input_output);
  EXPECT_NE(message_.find("checkpoints/best"), std::string::npos) << message_;
  EXPECT_NE(message_.find("the last good checkpoint is " + path("run/checkpoints/step-00000000.h5")), std::string::npos)
      << message_;
}

TEST_F(Saving, GoesOnAfterAFailureAndSavesAgainOnceItCan) {
  EXPECT_EQ(status_alone(request("whole")), ExitStatus::done);
  block("run", "best");
  std::thread remedy = unblock_after(std::chrono::milliseconds(50));
  EXPECT_EQ(status_of(request("run", {"checkpoint.give_up=5"})), ExitStatus::done) << message_;
  if (remedy.joinable()) remedy.join();
  EXPECT_EQ(digest_in("run"), digest_in("whole"));
}

/// In the pause after a failure saves are left out, those of better steps among them: they have no part in `best`.
TEST_F(Saving, BestIsAmongTheStepsThatAreSaved) {
  block("run", "best");
  std::thread remedy = unblock_after(std::chrono::milliseconds(300));
  // Nothing is learnt any more when the pause is over.
  EXPECT_EQ(status_of(request("run", {"checkpoint.give_up=5", "train.epochs=1000000", "train.max_seconds=3.5",
                                      "schedule.name=exponential", "schedule.factor=0.3", "model.batch_norm=false"})),
            ExitStatus::stopped)
      << message_;
  if (remedy.joinable()) remedy.join();
  test_world().barrier();
  const auto best = RunDirectory::best(path("run"));
  ASSERT_TRUE(best.has_value());
  EXPECT_TRUE(fs::exists(RunPaths{path("run")}.checkpoint(*best)));
  const std::string latest = RunPaths{path("run")}.latest();
  EXPECT_EQ(read_progress(parse_checkpoint(read_file(latest), latest)).best_step, *best);
}

/// While rank 0 waits for the next try the others hear of it: for their watch it would be lost, were that long enough.
TEST_F(Saving, ThePauseAfterAFailureIsNoSilence) {
  const auto exchanges_of = [&](const std::string& run) {
    const std::uint64_t before = collectives_begun();
    EXPECT_EQ(status_of(request(run, {"train.epochs=1", "checkpoint.give_up=5"})), ExitStatus::done) << message_;
    return collectives_begun() - before;
  };
  const std::uint64_t usual = exchanges_of("usual");
  block("run", "best");
  std::thread remedy = unblock_after(std::chrono::milliseconds(50));
  const std::uint64_t with_a_pause = exchanges_of("run");
  if (remedy.joinable()) remedy.join();
  EXPECT_TRUE(test_world().size() == 1 || with_a_pause > usual + 20) << with_a_pause << " and " << usual;
}

TEST_F(Saving, ARunThatWasTakenOverEndsAndWritesNothing) {
  std::thread successor;
  if (test_world().rank() == 0) {
    successor = std::thread([this] {
      while (!RunDirectory::latest(path("run"))) std::this_thread::yield();
      // As the next owner does.
      fs::create_directory(path("run/incarnation-2"));
      fs::remove_all(path("run/incarnation-1"));
    });
  }
  EXPECT_EQ(status_of(request("run", {"train.epochs=1000000", "checkpoint.every_epochs=0", "checkpoint.every_steps=3",
                                      "train.evaluate_every=1000000"})),
            ExitStatus::taken);
  EXPECT_NE(message_.find("taken over"), std::string::npos) << message_;
  if (successor.joinable()) successor.join();
}

TEST_F(Saving, ARunWhoseFolderWasMovedSaysSo) {
  std::thread mover;
  if (test_world().rank() == 0) {
    mover = std::thread([this] {
      while (RunDirectory::latest(path("run")).value_or(0) == 0) std::this_thread::yield();
      fs::rename(path("run"), path("moved"));
    });
  }
  EXPECT_EQ(status_of(request("run", {"train.epochs=1000000", "checkpoint.every_epochs=0", "checkpoint.every_steps=3",
                                      "train.evaluate_every=1000000"})),
            ExitStatus::taken);
  if (mover.joinable()) mover.join();
  EXPECT_NE(message_.find(path("run") + ", or its lock file, was moved or removed"), std::string::npos) << message_;
  EXPECT_NE(message_.find("the last good checkpoint was that of step "), std::string::npos) << message_;
}

}  // namespace
}  // namespace shoal
