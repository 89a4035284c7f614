// How a sweep that is under way gets on, by what its ranks leave in the folder.
#include "shoal/tune/sweep_pace.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "temporary_folder.hpp"
#include "tune/outcome.hpp"

namespace shoal {
namespace {

Outcome outcome_of(std::int64_t trial, std::int64_t rung = 0, std::int64_t fold = 0) {
  Outcome outcome;
  outcome.trial = trial;
  outcome.rung = rung;
  outcome.fold = fold;
  outcome.failed = true;
  return outcome;
}

class SweepPaceTest : public testing::Test {
 protected:
  SweepPaceTest() {
    view_.folder = folder_ / "sweep";
    view_.under_way = true;
    std::filesystem::create_directories(of_job(""));
  }

  std::string of_job(const std::string& name) const { return SweepPaths{view_.folder}.claims("1-a") + "/" + name; }
  void claim(const std::string& name) const { tests::write(of_job(name), ""); }
  std::int64_t running() const { return pace_of(view_).running; }

  tests::TemporaryFolder folder_;
  SweepView view_;
};

TEST_F(SweepPaceTest, UnderWayIsWhatIsClaimedAndHasNoOutcome) {
  EXPECT_EQ(running(), 0);
  for (const char* name : {"0-0-0", "0-0-1", "0-0-12"}) claim(name);
  EXPECT_EQ(running(), 3);
  tests::write(SweepPaths{view_.folder}.journal(0), to_json_line(outcome_of(0)) + to_json_line(outcome_of(12)));
  EXPECT_EQ(running(), 1);
  tests::write(SweepPaths{view_.folder}.journal(1), to_json_line(outcome_of(1)));
  EXPECT_EQ(running(), 0);
}

TEST_F(SweepPaceTest, OutcomesOfOtherTrainingsDoNotCount) {
  claim("1-1-3-2");
  tests::write(
      SweepPaths{view_.folder}.journal(0),
      to_json_line(outcome_of(3, 0, 2)) + to_json_line(outcome_of(3, 1, 1)) + to_json_line(outcome_of(4, 1, 2)));
  EXPECT_EQ(running(), 1);
  tests::write(SweepPaths{view_.folder}.journal(1), to_json_line(outcome_of(3, 1, 2)));
  EXPECT_EQ(running(), 0);
}

TEST_F(SweepPaceTest, FilesBesideTheClaimsAreNoTrainings) {
  for (const char* name : {"stop", "sweep.h5", "again-0-7", "5"}) claim(name);
  EXPECT_EQ(running(), 0);
  claim("0-0-7");
  EXPECT_EQ(running(), 1);
}

TEST_F(SweepPaceTest, ClaimsOfAnEarlierJobAreNotOfThisOne) {
  claim("0-0-7");
  const std::string claims = SweepPaths{view_.folder}.claims("2-a");
  std::filesystem::create_directory(claims);
  tests::write(claims + "/0-0-8", "");
  tests::write(claims + "/0-0-9", "");
  EXPECT_EQ(running(), 2);
}

}  // namespace
}  // namespace shoal
