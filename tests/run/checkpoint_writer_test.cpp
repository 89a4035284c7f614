#include "run/checkpoint_writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "shoal/train/checkpoint.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CheckpointWriterTest : public ::testing::Test {
 protected:
  static CheckpointJob job(std::int64_t step) {
    CheckpointJob job;
    job.archive.put(make_scalar<std::int64_t>("progress/step", step));
    job.step = step;
    job.best_step = step >= 2 ? 2 : -1;
    job.keep = 1;
    return job;
  }

  tests::TemporaryFolder folder_;
  RunDirectory directory_ = RunDirectory::create(folder_ / "run");
};

TEST_F(CheckpointWriterTest, PutsFileLinksAndOnlyThenRemovesOlderOnes) {
  CheckpointWriter writer(directory_);
  EXPECT_FALSE(writer.poll());
  EXPECT_FALSE(writer.wait());
  for (std::int64_t step = 1; step <= 4; ++step) {
    writer.begin(job(step));
    const auto outcome = writer.wait();
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->status, ExitStatus::done) << outcome->fault;
    EXPECT_EQ(outcome->step, step);
    EXPECT_FALSE(writer.poll()) << "an outcome is told once";
    EXPECT_EQ(directory_.latest(), step);
  }
  EXPECT_EQ(directory_.best(), 2);
  EXPECT_THAT(directory_.checkpoint_steps(), ElementsAre(2, 4));
  const std::string path = directory_.paths().checkpoint(4);
  const Archive archive = decode(read_checkpoint(path), path);
  EXPECT_EQ(archive.attribute<std::string>("digest"), digest(archive));
  EXPECT_EQ(writer.take_archive().scalar<std::int64_t>("progress/step"), 4);
}

TEST_F(CheckpointWriterTest, FinishesWhatWasBegunBeforeItGoes) {
  {
    CheckpointWriter writer(directory_);
    writer.begin(job(7));
  }
  EXPECT_EQ(directory_.latest(), 7);
}

TEST_F(CheckpointWriterTest, TellsWhyASaveFailedAndSavesAgain) {
  fs::create_directories(folder_ / "run/checkpoints/latest/in the way");
  CheckpointWriter writer(directory_);
  writer.begin(job(1));
  auto outcome = writer.wait();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, ExitStatus::input_output);
  EXPECT_THAT(outcome->fault, HasSubstr("checkpoints/latest"));
  fs::remove_all(folder_ / "run/checkpoints/latest");
  writer.begin(job(2));
  outcome = writer.wait();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, ExitStatus::done) << outcome->fault;
  EXPECT_EQ(directory_.latest(), 2);
}

TEST_F(CheckpointWriterTest, ABestOneWhoseSaveFailedIsSavedWithTheNext) {
  fs::create_directories(folder_ / "run/checkpoints/latest/in the way");
  CheckpointWriter writer(directory_);
  writer.begin(job(2));
  auto outcome = writer.wait();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, ExitStatus::input_output);
  fs::remove_all(folder_ / "run/checkpoints");
  fs::create_directories(folder_ / "run/checkpoints");
  writer.begin(job(3));
  outcome = writer.wait();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, ExitStatus::done) << outcome->fault;
  EXPECT_EQ(directory_.best(), 2);
  const std::string path = directory_.paths().checkpoint(2);
  EXPECT_EQ(decode(read_checkpoint(path), path).scalar<std::int64_t>("progress/step"), 2);
  EXPECT_EQ(directory_.latest(), 3);
}

TEST_F(CheckpointWriterTest, ALinkToTheBestThatFailedIsMadeWithTheNext) {
  fs::create_directories(folder_ / "run/checkpoints/best/in the way");
  CheckpointWriter writer(directory_);
  writer.begin(job(2));
  auto outcome = writer.wait();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, ExitStatus::input_output);
  fs::remove_all(folder_ / "run/checkpoints/best");
  writer.begin(job(3));
  outcome = writer.wait();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, ExitStatus::done) << outcome->fault;
  EXPECT_EQ(directory_.best(), 2);
}

TEST_F(CheckpointWriterTest, ADigestThatCannotBeWrittenKeepsNoOlderCheckpoint) {
  std::ofstream(folder_ / "run/digests.jsonl") << std::string(1 << 20, ' ');  // longer than a file may be from now on
  CheckpointWriter writer(directory_);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit less = before;
  less.rlim_cur = 1 << 19;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &less), 0);
  for (std::int64_t step = 1; step <= 2; ++step) {
    writer.begin(job(step));
    EXPECT_EQ(writer.wait()->status, ExitStatus::done);
  }
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_THAT(directory_.checkpoint_steps(), ElementsAre(2));
  writer.begin(job(3));
  EXPECT_EQ(writer.wait()->status, ExitStatus::done);
  std::ifstream lines(folder_ / "run/digests.jsonl");
  const std::string text(std::istreambuf_iterator<char>(lines), {});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3) << "those that waited as well";
}

TEST_F(CheckpointWriterTest, OfAnOwnerThatWasFencedOffWritesNothing) {
  CheckpointWriter writer(directory_);
  fs::remove_all(folder_ / "run/incarnation-1");
  writer.begin(job(1));
  const auto outcome = writer.wait();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->status, ExitStatus::taken);
  EXPECT_TRUE(fs::is_empty(folder_ / "run/checkpoints"));
}

}  // namespace
}  // namespace shoal
