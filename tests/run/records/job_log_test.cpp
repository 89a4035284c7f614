#include "shoal/run/job_log.hpp"

#include <gtest/gtest.h>

#include "shoal/run/run_paths.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

TEST(JobLog, JobsReadBackWithTheirEnds) {
  const tests::TemporaryFolder folder;
  const std::string run = folder / "run";
  EXPECT_TRUE(jobs_of_run(run).empty());
  std::filesystem::create_directory(run);
  note_job(run, to_json_line(JobRecord{"2026-01-02T03:04:05Z", 0, 3, 2, 4, 8, "a\"b", "avx2", "0.1.0", {}}));
  note_job(run, "{\"ended\":\"2026-01-");
  note_job(run, "\n");
  note_job(run, to_json_line(JobRecord{"2026-01-03T03:04:05Z", 12, 1, 1, 2, 2, "c", "avx512", "0.1.0", {}}));
  note_job(run, to_json_line(JobRecord::End{"2026-01-03T04:00:00Z", 20, ExitStatus::diverged, "the loss is nan"}));
  const auto jobs = jobs_of_run(run);
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs[0].ranks, 3);
  EXPECT_EQ(jobs[0].host, "a\"b");
  EXPECT_FALSE(jobs[0].end);  // killed
  EXPECT_EQ(jobs[1].after_step, 12);
  ASSERT_TRUE(jobs[1].end);
  EXPECT_EQ(jobs[1].end->status, ExitStatus::diverged);
  EXPECT_EQ(jobs[1].end->step, 20);
  EXPECT_TRUE(RunPaths::is_name("jobs.jsonl"));
}

TEST(JobLog, APlaceThatCannotBeWrittenIsAWarning) { note_job("/nowhere/run", "{}\n"); }

TEST(JobLog, TimesAreInUtc) {
  const std::string now = utc_now();
  ASSERT_EQ(now.size(), 20U) << now;
  EXPECT_EQ(now[10], 'T');
  EXPECT_EQ(now.back(), 'Z');
}

}  // namespace
}  // namespace shoal
