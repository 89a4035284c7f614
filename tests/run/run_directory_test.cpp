#include "shoal/run/run_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <thread>

#include "shoal/core/error.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunDirectoryTest : public ::testing::Test {
 protected:
  static void touch_checkpoints(const std::string& run, const std::vector<std::int64_t>& steps) {
    for (const std::int64_t step : steps) tests::write(RunPaths{run}.checkpoint(step), "x");
  }
  /// A run whose owner has gone.
  void make_run(const std::vector<std::int64_t>& steps = {}) const {
    RunDirectory::create(run_).write_config("seed = 1\n");
    touch_checkpoints(run_, steps);
  }
  template <typename Call>
  static void expect_error(const Call& call, ExitStatus status, const std::string& words) {
    try {
      call();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), status) << error.what();
      EXPECT_THAT(error.what(), HasSubstr(words));
    }
  }

  tests::TemporaryFolder folder_;
  std::string run_ = folder_ / "runs/digits";
};

TEST_F(RunDirectoryTest, HasTheDocumentedLayout) {
  const RunDirectory run = RunDirectory::create(run_);
  EXPECT_FALSE(RunDirectory::has_run(run_));
  run.write_config("seed = 7\n");
  EXPECT_FALSE(RunDirectory::has_run(run_)) << "a config.toml alone may be the user's";
  run.write_checkpoint(0, {});
  EXPECT_TRUE(RunDirectory::has_run(run_));
  EXPECT_EQ(tests::read(run_ + "/config.toml"),
            "# How this run begins, every key as resolved. What changes later stands in nudges.jsonl.\nseed = 7\n");
  EXPECT_TRUE(fs::is_directory(run_ + "/checkpoints"));
  EXPECT_EQ(run.path(), run_);
  EXPECT_EQ(run.paths().metrics(), run_ + "/metrics.jsonl");
  EXPECT_EQ(run.paths().nudges(), run_ + "/nudges.jsonl");
  EXPECT_EQ(run.paths().checkpoint(1234), run_ + "/checkpoints/step-00001234.h5");
  EXPECT_EQ(run.paths().checkpoint(12345678901), run_ + "/checkpoints/step-12345678901.h5");
}

TEST_F(RunDirectoryTest, NeverMakesARunWhereOneIs) {
  make_run({0});
  const auto create = [&] { RunDirectory::create(run_); };
  expect_error(create, ExitStatus::taken,
               "run directory " + run_ + " holds a run already; continue it with --run " + run_ + " --resume auto");
  fs::remove(run_ + "/config.toml");
  expect_error(create, ExitStatus::taken, "--resume auto");
  const std::string blank = folder_ / "a b";
  fs::copy(run_, blank, fs::copy_options::recursive);
  expect_error([&] { RunDirectory::create(blank); }, ExitStatus::taken,
               "continue it with --run '" + blank + "' --resume");
  fs::remove(RunPaths{run_}.checkpoint(0));
  EXPECT_NO_THROW(create());  // nothing but folders: a start that failed early
}

TEST_F(RunDirectoryTest, NeverTakesAFolderWithAConfigOfTheUsers) {
  fs::create_directories(run_);
  tests::write(run_ + "/config.toml", "# mine");
  const auto create = [&] { RunDirectory::create(run_); };
  expect_error(create, ExitStatus::taken, run_ + " holds no run, but a config.toml that a new run would write its own");
  EXPECT_EQ(tests::read(run_ + "/config.toml"), "# mine");
  tests::write(run_ + "/fingerprint", "of a sweep");
  expect_error(create, ExitStatus::taken, run_ + " holds a sweep; name another folder with --run");
}

TEST_F(RunDirectoryTest, HasOneOwner) {
  const RunDirectory owner = RunDirectory::create(run_);
  expect_error([&] { RunDirectory::create(run_); }, ExitStatus::taken, run_);
  owner.write_checkpoint(0, {});
  expect_error([&] { RunDirectory::open(run_); }, ExitStatus::taken, run_);
  EXPECT_NO_THROW(owner.check_owner());
}

TEST_F(RunDirectoryTest, AFolderThatCannotBeMadeIsNamed) {
  tests::write(folder_ / "file", "");
  const std::string below = folder_ / "file/run";
  expect_error([&] { RunDirectory::create(below); }, ExitStatus::input_output,
               "cannot make the run directory " + below + ": Not a directory");
}

TEST_F(RunDirectoryTest, OpensOnlyARun) {
  expect_error([&] { RunDirectory::open(run_); }, ExitStatus::no_input, "there is no run in " + run_);
  make_run({0, 5});
  const RunDirectory run = RunDirectory::open(run_);
  EXPECT_THAT(run.checkpoint_steps(), ElementsAre(0, 5));
}

TEST_F(RunDirectoryTest, OpeningClearsWhatAKilledWriterLeft) {
  make_run({5});
  tests::write(run_ + "/incarnation-1/step-00000006.h5.tmp", "half");
  const RunDirectory run = RunDirectory::open(run_);
  EXPECT_FALSE(fs::exists(run_ + "/incarnation-1"));
  EXPECT_TRUE(fs::is_empty(run_ + "/incarnation-2"));
  EXPECT_THAT(run.checkpoint_steps(), ElementsAre(5));
}

TEST_F(RunDirectoryTest, NextFreeCountsUp) {
  EXPECT_EQ(RunDirectory::next_free(run_), run_);
  fs::create_directories(run_);
  EXPECT_EQ(RunDirectory::next_free(run_), run_ + "-2");
  fs::create_symlink("nowhere", run_ + "-2");
  EXPECT_EQ(RunDirectory::next_free(run_), run_ + "-3");
  for (const std::string other : {"-", "-x", "-07", "-1", "-4x", "more-9"}) fs::create_directories(run_ + other);
  EXPECT_EQ(RunDirectory::next_free(run_), run_ + "-3");
  fs::create_directories(run_ + "-10");
  EXPECT_EQ(RunDirectory::next_free(run_), run_ + "-11") << "after the last, so that the last is the latest";
}

TEST_F(RunDirectoryTest, TheLastOfANameIsTheLastThatHoldsARun) {
  EXPECT_EQ(RunDirectory::last_of(run_, RunDirectory::has_run), run_);
  make_run({0});
  fs::create_directories(run_ + "-2/checkpoints");
  tests::write(RunPaths{run_ + "-2"}.checkpoint(0), "x");
  fs::create_directories(run_ + "-3");
  EXPECT_EQ(RunDirectory::last_of(run_, RunDirectory::has_run), run_ + "-2");
}

TEST_F(RunDirectoryTest, OfManyThatAskAtOnceEachGetsANameOfItsOwn) {
  constexpr std::size_t count = 8;
  std::vector<std::string> names(count);
  std::vector<std::thread> threads;
  for (std::string& name : names) threads.emplace_back([&] { name = RunDirectory::create_next(run_).path(); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), count);
  EXPECT_EQ(RunDirectory::next_free(run_), run_ + "-9");
}

TEST_F(RunDirectoryTest, CheckpointsAreOrderedByTheirNumbers) {
  make_run({100000000, 7, 99999999, 0});
  for (const std::string name : {"step-7.h5", "step-00000008.h5.1.tmp", "step-0000000x.h5", "best.h5",
                                 "step--0000001.h5", "step-99999999999999999999.h5"}) {
    tests::write(run_ + "/checkpoints/" + name, "");
  }
  fs::last_write_time(RunPaths{run_}.checkpoint(7), fs::file_time_type::clock::now() + std::chrono::hours(9));
  EXPECT_THAT(RunDirectory::checkpoint_steps(run_), ElementsAre(0, 7, 99999999, 100000000));
  EXPECT_THAT(RunDirectory::checkpoint_steps(folder_ / "nothing"), IsEmpty());
}

TEST_F(RunDirectoryTest, LinksAreRelativeAndReplaced) {
  make_run({10, 20});
  const RunDirectory run = RunDirectory::open(run_);
  EXPECT_EQ(run.latest(), std::nullopt);
  run.point_latest(10);
  run.point_best(10);
  run.point_latest(20);
  EXPECT_EQ(fs::read_symlink(run_ + "/checkpoints/latest"), "step-00000020.h5");
  EXPECT_EQ(run.latest(), 20);
  EXPECT_EQ(run.best(), 10);
  EXPECT_TRUE(fs::exists(run_ + "/checkpoints/best"));
}

TEST_F(RunDirectoryTest, PruningSparesWhatMustStay) {
  make_run({0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  const RunDirectory run = RunDirectory::open(run_);
  run.point_best(2);
  run.point_latest(9);
  run.prune(3, {4, 77});
  EXPECT_THAT(run.checkpoint_steps(), ElementsAre(0, 2, 4, 7, 8, 9));
  run.point_latest(7);
  run.prune(1);
  EXPECT_THAT(run.checkpoint_steps(), ElementsAre(0, 2, 7, 9));
  run.prune(100);
  EXPECT_THAT(run.checkpoint_steps(), ElementsAre(0, 2, 7, 9));
}

TEST_F(RunDirectoryTest, FindsTheRunThatACheckpointLiesIn) {
  make_run({10});
  RunDirectory::open(run_).point_latest(10);
  EXPECT_EQ(RunDirectory::containing(RunPaths{run_}.checkpoint(10)), run_);
  EXPECT_EQ(RunDirectory::containing(run_ + "/checkpoints/../checkpoints/latest"), run_);
  fs::create_symlink(RunPaths{run_}.checkpoint(10), folder_ / "elsewhere.h5");
  EXPECT_EQ(RunDirectory::containing(folder_ / "elsewhere.h5"), run_);
  EXPECT_EQ(RunDirectory::containing(folder_ / "digits.h5"), std::nullopt);
  fs::create_directories(folder_ / "no/checkpoints");
  EXPECT_EQ(RunDirectory::containing(folder_ / "no/checkpoints/a.h5"), std::nullopt);
}

TEST_F(RunDirectoryTest, ASweepIsNoRun) {
  expect_error([&] { RunDirectory::require(run_); }, ExitStatus::no_input, "there is no run in " + run_);
  make_run({0});
  EXPECT_NO_THROW(RunDirectory::require(run_));
  tests::write(run_ + "/fingerprint", "of a sweep");
  expect_error([&] { RunDirectory::require(run_); }, ExitStatus::no_input, "holds a sweep");
  expect_error([&] { RunDirectory::open(run_); }, ExitStatus::no_input, "holds a sweep");
}

}  // namespace
}  // namespace shoal
