// Sweeps that were stopped, killed, or lost files, and go on.
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>

#include "sweep_fixture.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SweepResume : public tests::SweepFixture {
 protected:
  /// As if the job had been killed: no results yet, half of the outcomes lost, the last line torn, claims left behind.
  void undo_half(const std::string& run) {
    tamper([&] {
      std::string lines;
      for (const auto& entry : fs::directory_iterator(path(run))) {
        if (entry.path().filename().string().starts_with("journal")) {
          lines += read_text(entry.path());
          fs::remove(entry.path());
        }
      }
      const std::size_t half = lines.find('\n', lines.size() / 2);
      std::ofstream(path(run + "/journal-7.jsonl")) << lines.substr(0, half + 30);
      for (const char* result : {"sweep.csv", "sweep.jsonl", "sweep.h5", "best.h5"})
        fs::remove(path(run + "/" + result));
      fs::create_directories(path(run + "/claims-1-1"));
      std::ofstream(path(run + "/claims-1-1/0-0-11"));
    });
  }
};

TEST_F(SweepResume, AfterAKillTheTableIsTheSame) {
  for (const auto& sets : {std::vector<std::string>{}, halving(), four_settings()}) {
    const std::string whole = "whole" + std::to_string(sets.size());
    const std::string killed = "killed" + std::to_string(sets.size());
    EXPECT_EQ(status_alone(request(whole, sets)), ExitStatus::done);
    EXPECT_EQ(status_of(request(killed, sets)), ExitStatus::done) << message_;
    undo_half(killed);
    EXPECT_EQ(status_of(resume(killed)), ExitStatus::done) << message_;
    expect_same(whole, killed);
    undo_half(killed);
    EXPECT_EQ(status_alone(resume(killed)), ExitStatus::done);
    expect_same(whole, killed);
  }
}

TEST_F(SweepResume, WhatFinishedIsNotRepeated) {
  EXPECT_EQ(status_of(request("run")), ExitStatus::done) << message_;
  const std::string times = text("run/times.jsonl");
  undo_half("run");
  EXPECT_EQ(status_of(resume("run")), ExitStatus::done) << message_;
  std::istringstream before(times);
  std::istringstream after(text("run/times.jsonl"));
  std::size_t same = 0;  // a training that was repeated takes another time, to the microsecond
  for (std::string a, b; std::getline(before, a) && std::getline(after, b);) same += a == b ? 1 : 0;
  EXPECT_GE(same, 5U);
  EXPECT_LT(same, 12U);
}

TEST_F(SweepResume, AFinishedSweepIsLeftAsItIs) {
  EXPECT_EQ(status_of(request("run")), ExitStatus::done) << message_;
  const std::string times = text("run/times.jsonl");
  const std::string best = text("run/best.h5");
  EXPECT_EQ(status_of(resume("run")), ExitStatus::done) << message_;
  EXPECT_EQ(text("run/times.jsonl"), times);
  EXPECT_TRUE(text("run/best.h5") == best);
  EXPECT_EQ(summary_.done, 12);
}

TEST_F(SweepResume, OutOfTimeItStopsWithinATrialAndGoesOnThere) {
  for (const auto& sets : {std::vector<std::string>{}, halving()}) {
    const std::string whole = "whole" + std::to_string(sets.size());
    const std::string parts = "parts" + std::to_string(sets.size());
    EXPECT_EQ(status_alone(request(whole, sets)), ExitStatus::done);
    expect_same_in_parts(whole, request(parts, sets), parts, 0.004);
  }
}

TEST_F(SweepResume, ASignalStopsAllRanks) {
  // Sent before the sweep listens it would end the test: so from a thread, to the last rank alone.
  const bool sends = test_world().rank() + 1 == test_world().size();
  std::atomic<bool> ended = false;
  std::thread sender([&] {
    if (!sends) return;
    while (!ended && !fs::exists(path("run/config.toml"))) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    while (!ended) {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      kill(getpid(), SIGUSR1);
    }
  });
  // Nothing is lost before the sweep listens: it is sent again.
  std::signal(SIGUSR1, SIG_IGN);
  EXPECT_EQ(status_of(request("run", {"sweep.trials=5000"})), ExitStatus::stopped) << message_;
  ended = true;
  sender.join();
  std::signal(SIGUSR1, SIG_DFL);
  test_world().barrier();
  EXPECT_FALSE(fs::exists(path("run/lock")));
}

TEST_F(SweepResume, LostCheckpointsAreTrainedAgainToTheSameBits) {
  EXPECT_EQ(status_of(request("whole", halving())), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(request("run", halving())), ExitStatus::done) << message_;
  undo_half("run");
  tamper([&] {
    fs::create_directories(path("run/trials"));
    for (int trial = 0; trial < 12; trial += 2)
      std::ofstream(path("run/trials/000" + std::to_string(trial) + ".h5")) << "damaged";
  });
  EXPECT_EQ(status_of(resume("run")), ExitStatus::done) << message_;
  expect_same("whole", "run");
  tamper([&] {
    fs::remove(path("run/best.h5"));
    fs::remove_all(path("run/best"));
  });
  EXPECT_EQ(status_of(resume("run")), ExitStatus::done) << message_;
  expect_same("whole", "run");
}

TEST_F(SweepResume, MoreTrialsAreAddedToARandomSearch) {
  EXPECT_EQ(status_of(request("whole", {"sweep.trials=16"})), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(request("run")), ExitStatus::done) << message_;
  EXPECT_EQ(status_of(resume("run", {"sweep.trials=16"})), ExitStatus::done) << message_;
  expect_same("whole", "run");
}

TEST_F(SweepResume, WhatDoesNotFitIsRefusedAndNothingIsLost) {
  EXPECT_EQ(status_of(request("run")), ExitStatus::done) << message_;
  const std::string csv = text("run/sweep.csv");
  const auto expect = [&](const SweepRequest& r, ExitStatus status, const std::string& words) {
    EXPECT_EQ(status_of(r), status);
    EXPECT_THAT(message_, HasSubstr(words));
  };
  expect(request("run"), ExitStatus::taken, "--resume");
  expect(resume("run", {"train.epochs=9"}), ExitStatus::usage, "train.epochs");
  expect(resume("run", {"sweep.metric=train.loss"}), ExitStatus::usage, "sweep.metric = train.loss is not what");
  expect(resume("run", {"data.file=" + path("b.h5")}), ExitStatus::bad_data, "other data");
  expect(resume("nothing"), ExitStatus::no_input, "no sweep in");
  EXPECT_EQ(text("run/sweep.csv"), csv);
}

TEST_F(SweepResume, WithNothingThereItBegins) {
  SweepRequest r = request("run");
  r.resume = true;
  EXPECT_EQ(status_of(r), ExitStatus::done) << message_;
  EXPECT_EQ(summary_.done, 12);
}

}  // namespace
}  // namespace shoal
