// Two lines of history in one run directory; that an end at any moment leaves one is tested in tests/faults/saving.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "shoal/io/archive.hpp"
#include "shoal/run/run_directory.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GoingBack : public ::testing::Test {
 protected:
  GoingBack() {
    const RunDirectory run = RunDirectory::create(run_);
    for (const std::int64_t step : {0, 10, 20, 30}) run.write_checkpoint(step, bytes_of(1));
    run.point_latest(30);
    run.point_best(20);
    run.write(run.paths().metrics(), "old metrics");
    run.write(run.paths().nudges(), "old nudges");
    run.write_config("");
  }

  static FileBytes bytes_of(float value) {
    Archive archive;
    archive.put(make_array<float>("parameters/a", {1}, std::span<const float>(&value, 1)));
    FileBytes bytes;
    encode(archive, 1, bytes);
    return bytes;
  }
  void change(const RunDirectory& run) const {
    run.write(run.paths().metrics(), "new metrics");
    run.write(run.paths().nudges(), "new nudges");
  }
  void expect_old(const RunDirectory& run) const {
    EXPECT_THAT(run.checkpoint_steps(), ElementsAre(0, 10, 20, 30));
    EXPECT_EQ(run.latest(), 30);
    EXPECT_EQ(run.best(), 20);
    EXPECT_EQ(tests::read(run.paths().metrics()), "old metrics");
    EXPECT_EQ(tests::read(run.paths().nudges()), "old nudges");
  }
  bool leaves_traces() const { return fs::exists(run_ + "/going-back-00000010"); }

  tests::TemporaryFolder folder_;
  std::string run_ = folder_ / "run";
};

TEST_F(GoingBack, ToTheNewestIsNoWayBack) {
  const RunDirectory run = RunDirectory::open(run_);
  EXPECT_THAT(run.go_back_to(30), IsEmpty());
  EXPECT_FALSE(fs::exists(run_ + "/going-back-00000030"));
  expect_old(run);
}

TEST_F(GoingBack, WithoutACheckpointOfItsOwnChangesNothingInTheEnd) {
  {
    const RunDirectory run = RunDirectory::open(run_);
    EXPECT_THAT(run.go_back_to(10), ElementsAre(20, 30));
    change(run);
    EXPECT_THAT(run.checkpoint_steps(), ElementsAre(0, 10, 20, 30)) << "until a new one is safe";
  }
  const RunDirectory run = RunDirectory::open(run_);
  expect_old(run);
  EXPECT_FALSE(leaves_traces());
}

TEST_F(GoingBack, EndsTheOldLineWithTheFirstNewCheckpoint) {
  const RunDirectory run = RunDirectory::open(run_);
  run.go_back_to(10);
  change(run);
  run.write_checkpoint(20, bytes_of(2));
  EXPECT_THAT(run.checkpoint_steps(), ElementsAre(0, 10, 20));
  EXPECT_EQ(run.latest(), 20);
  EXPECT_EQ(run.best(), std::nullopt) << "the old one";
  EXPECT_EQ(read_checkpoint(run.paths().checkpoint(20)).size(), bytes_of(2).size());
  EXPECT_EQ(tests::read(run.paths().metrics()), "new metrics");
  EXPECT_EQ(tests::read(run.paths().nudges()), "new nudges");
  EXPECT_FALSE(leaves_traces());
  run.write_checkpoint(30, bytes_of(2));
  EXPECT_THAT(run.checkpoint_steps(), ElementsAre(0, 10, 20, 30));
}

TEST_F(GoingBack, IsFinishedByWhoeverOpensTheRunNext) {
  {
    const RunDirectory run = RunDirectory::open(run_);
    run.go_back_to(10);
    change(run);
    // As where the process died behind the first write of the new checkpoint.
    const FileBytes bytes = bytes_of(2);
    run.write(run_ + "/going-back-00000010/step-00000015.h5",
              {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }
  const RunDirectory run = RunDirectory::open(run_);
  EXPECT_THAT(run.checkpoint_steps(), ElementsAre(0, 10, 15));
  EXPECT_EQ(run.latest(), 15);
  EXPECT_EQ(tests::read(run.paths().metrics()), "new metrics");
  EXPECT_FALSE(leaves_traces());
}

TEST_F(GoingBack, ADamagedNewLineIsLeftOut) {
  {
    const RunDirectory run = RunDirectory::open(run_);
    run.go_back_to(10);
    change(run);
    run.write(run_ + "/going-back-00000010/step-00000015.h5", "cut");
  }
  const RunDirectory run = RunDirectory::open(run_);
  expect_old(run);
  EXPECT_FALSE(leaves_traces());
}

}  // namespace
}  // namespace shoal
