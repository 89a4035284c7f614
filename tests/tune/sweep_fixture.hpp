#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "mpi_test.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/io/file.hpp"
#include "shoal/tune/sweep.hpp"

namespace shoal::tests {

/// A folder with a small data set, the same on all ranks, and sweeps in it.
class SweepFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / ("shoal-sweep-test-" + std::to_string(getpid()))).string();
    test_world().broadcast_string(folder_);
    run_together(test_world(), [&] {
      if (test_world().rank() != 0) return;
      std::filesystem::create_directories(folder_);
      synth_spirals({.samples = 400, .features = 4, .classes = 3, .seed = 3}, path("a.h5"));
      synth_spirals({.samples = 400, .features = 4, .classes = 3, .seed = 4}, path("b.h5"));
    });
  }
  void TearDown() override {
    test_world().barrier();
    if (test_world().rank() == 0) std::filesystem::remove_all(folder_);
  }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  SweepRequest request(const std::string& run, const std::vector<std::string>& sets = {}) const {
    SweepRequest r;
    r.run = path(run);
    r.sets = {"data.file=" + path("a.h5"),
              "train.epochs=3",
              "model.depth=1",
              "sweep.trials=12",
              R"(sweep.space."optimizer.learning_rate"={scale="log",min=1e-3,max=1e-1})",
              R"(sweep.space."model.width"={min=4,max=40})",
              R"(sweep.space."data.batch_size"={choices=[32,64,128]})"};
    r.sets.insert(r.sets.end(), sets.begin(), sets.end());
    return r;
  }
  SweepRequest resume(const std::string& run, const std::vector<std::string>& sets = {}) const {
    SweepRequest r;
    r.run = path(run);
    r.sets = sets;
    r.resume = true;
    return r;
  }
  /// Something done to the files by rank 0 while nobody else looks.
  static void tamper(const std::function<void()>& act) {
    test_world().barrier();
    run_together(test_world(), [&] {
      if (test_world().rank() == 0) act();
    });
  }
  static std::vector<std::string> halving() {
    return {"sweep.search=coarse_to_fine", "sweep.successive_halving={eta=2,min_epochs=1}", "train.epochs=4"};
  }

  /// A space of four settings, of which twelve trials try each about three times.
  static std::vector<std::string> four_settings() {
    return {R"(sweep.space."optimizer.learning_rate"={choices=[0.01]})", R"(sweep.space."model.width"={choices=[4,8]})",
            R"(sweep.space."data.batch_size"={choices=[32,64]})", "train.epochs=2"};
  }

  /// The status a request ends with on this rank; the message, if any, goes to message_.
  ExitStatus status_of(const SweepRequest& request, Communicator& comm) {
    message_.clear();
    try {
      summary_ = sweep_run(request, comm);
      return summary_.status;
    } catch (const Error& e) {
      message_ = e.what();
      return e.status();
    }
  }
  ExitStatus status_of(const SweepRequest& request) { return status_of(request, test_world()); }
  /// On rank 0 alone, as a job of one rank; the others wait.
  ExitStatus status_alone(const SweepRequest& request) {
    std::int64_t status = 0;
    if (test_world().rank() == 0) {
      Communicator alone;
      status = static_cast<std::int64_t>(status_of(request, alone));
    }
    return static_cast<ExitStatus>(test_world().all_max(status));
  }

  std::string text(const std::string& name) const {
    test_world().barrier();
    return read_text(path(name));
  }
  /// Names of the checkpoints that a sweep keeps, sorted.
  std::vector<std::string> kept(const std::string& run) const {
    test_world().barrier();
    std::vector<std::string> names;
    std::error_code none;
    for (std::filesystem::directory_iterator at(path(run + "/best"), none), end; !none && at != end; ++at)
      names.push_back(at->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  /// All that must not depend on how the sweep was done.
  void expect_same(const std::string& a, const std::string& b) const {
    std::vector<std::string> files{"sweep.csv", "sweep.jsonl", "sweep.h5", "best.h5"};
    EXPECT_EQ(kept(a), kept(b));
    for (const std::string& name : kept(a)) files.push_back("best/" + name);
    for (const std::string& file : files) {
      for (const std::string& run : {a, b}) ASSERT_TRUE(std::filesystem::exists(path(run + "/" + file))) << file;
      EXPECT_TRUE(text(a + "/" + file) == text(b + "/" + file)) << file << " of " << a << " and " << b;
    }
  }
  /// Begins a sweep and goes on with it in jobs that have too little time, each more than the one before, so that
  /// machines of any speed come to its end. Its tables are those of `whole`.
  void expect_same_in_parts(const std::string& whole, SweepRequest begun, const std::string& parts, double seconds) {
    constexpr int most_jobs = 200;
    const auto limit = [&] { return "train.max_seconds=" + std::to_string(seconds); };
    begun.sets.push_back(limit());
    ExitStatus status = status_of(begun);
    int jobs = 1;
    for (; status == ExitStatus::stopped && jobs < most_jobs; ++jobs) {
      seconds *= 1.2;
      status = status_of(resume(parts, {limit()}));
    }
    EXPECT_EQ(status, ExitStatus::done) << message_;
    EXPECT_GT(jobs, 2) << "or this sweep is too short for the test";
    for (const char* file : {"/sweep.csv", "/sweep.jsonl", "/sweep.h5"})
      EXPECT_TRUE(text(whole + file) == text(parts + file)) << file << " after " << jobs << " jobs";
  }
  std::size_t count(const std::string& run, const std::string& word) const {
    const std::string csv = text(run + "/sweep.csv");
    std::size_t found = 0;
    for (std::size_t at = csv.find(word); at != std::string::npos; at = csv.find(word, at + 1)) ++found;
    return found;
  }

  std::string folder_;
  std::string message_;
  SweepSummary summary_;
};

}  // namespace shoal::tests
