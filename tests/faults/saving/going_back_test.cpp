// A run that goes on from an earlier checkpoint, broken at each system call from there to its first new checkpoint.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>

#include "run/checkpoint_writer.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"
#include "system_calls.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

using tests::Fate;
using tests::SystemCalls;

constexpr float old_line = 1.0F;
constexpr float new_line = 2.0F;

void save_step(const RunDirectory& directory, std::int64_t step, float line) {
  CheckpointJob job;
  job.archive.put(make_array<float>("parameters/line", {1}, std::span<const float>(&line, 1)));
  job.archive.put(make_scalar<std::int64_t>("progress/step", step));
  job.step = step;
  job.best_step = step;
  job.keep = 9;
  FileBytes bytes;
  DigestLog digests(directory.path());
  put_checkpoint(directory, digests, job, bytes);
}

float line_of(const std::string& run, std::int64_t step) {
  const std::string path = RunPaths{run}.checkpoint(step);
  return decode(read_checkpoint(path), path).array("parameters/line").values<float>()[0];
}

/// A run with checkpoints of steps 5, 10 and 15, which nobody owns.
struct PlaceOfRun {
  tests::TemporaryFolder folder;
  std::string run = folder / "run";
  PlaceOfRun() {
    const RunDirectory directory = RunDirectory::create(run);
    for (const std::int64_t step : {5, 10, 15}) save_step(directory, step, old_line);
    directory.write(directory.paths().metrics(), "old");
    directory.write(directory.paths().nudges(), "old");
  }
};

void go_back(const std::string& run) {
  const RunDirectory directory = RunDirectory::open(run);
  directory.go_back_to(5);
  directory.write(directory.paths().nudges(), "new");
  directory.write(directory.paths().digests(), DigestChain::of_run(run).up_to(5).text());
  directory.write(directory.paths().metrics(), "new");
  save_step(directory, 10, new_line);
}

/// `body` in a process that dies before call number `at`. How many calls were made, where it comes to its end.
template <class Body>
bool dies(int at, const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const SystemCalls calls([&](int number, tests::Call, const std::string&) {
      return number == at ? Fate{Fate::die, 0} : Fate{};
    });
    body();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && (WEXITSTATUS(status) == 99 || WEXITSTATUS(status) == 0)) << status;
  return WEXITSTATUS(status) == 99;
}

/// One line of history, and nothing of another: all of the old one, or all of the new one.
void expect_one_line(const std::string& run, const std::string& what) {
  const RunDirectory directory = RunDirectory::open(run);
  const std::vector<std::int64_t> steps = directory.checkpoint_steps();
  const bool old = steps == std::vector<std::int64_t>{5, 10, 15};
  EXPECT_TRUE(old || steps == (std::vector<std::int64_t>{5, 10})) << what << ": " << ::testing::PrintToString(steps);
  EXPECT_EQ(line_of(run, 10), old ? old_line : new_line) << what;
  EXPECT_EQ(read_text(directory.paths().metrics()), old ? "old" : "new") << what;
  EXPECT_EQ(read_text(directory.paths().nudges()), old ? "old" : "new") << what;
  const DigestChain digests = DigestChain::of_run(run);
  EXPECT_EQ(digests.fault(), "") << what;
  const std::size_t lines = digests.records().size();  // the newest checkpoint may lack its own
  EXPECT_TRUE(old ? lines == 3 : lines == 1 || lines == 2) << what << ": " << lines;
  EXPECT_EQ(directory.latest(), old ? 15 : 10) << what;
  EXPECT_FALSE(std::filesystem::exists(run + "/going-back-00000005")) << what;
}

TEST(GoingBack, OutlivesADeathAtEachSystemCallAndAnotherWhileItIsSettled) {
  int calls = 0;
  int settled_later = 0;
  for (bool died = true; died; ++calls) {
    const PlaceOfRun place;
    died = dies(calls, [&] { go_back(place.run); });
    const std::string what = "died before call " + std::to_string(calls);
    const int again = calls * 7 % 41;  // some call of those that open it
    if (dies(again, [&] { RunDirectory::open(place.run); })) ++settled_later;
    expect_one_line(place.run, what + ", then before call " + std::to_string(again));
  }
  std::cout << calls - 1 << " calls, dead before each; " << settled_later << " died again when the run was opened\n";
  EXPECT_GT(calls, 50);
  EXPECT_GT(settled_later, 10);
}

}  // namespace
}  // namespace shoal
