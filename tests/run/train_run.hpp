#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "mpi_test.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/synth.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/run.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/train/checkpoint.hpp"

namespace shoal::tests {

/// Runs of a small model in a folder of their own that all ranks see.
class TrainRun : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = (std::filesystem::temp_directory_path() / ("shoal-run-test-" + std::to_string(getpid()))).string();
    test_world().broadcast_string(folder_);
    run_together(test_world(), [&] {
      if (test_world().rank() != 0) return;
      std::filesystem::create_directories(folder_);
      synth_spirals({.samples = 500, .features = 4, .classes = 3, .seed = 3, .validation_fraction = 0.2},
                    folder_ + "/a.h5");
      synth_spirals({.samples = 500, .features = 4, .classes = 3, .seed = 4, .validation_fraction = 0.2},
                    folder_ + "/b.h5");
    });
  }
  void TearDown() override {
    test_world().barrier();
    if (test_world().rank() == 0) std::filesystem::remove_all(folder_);
  }

  TrainRequest request(const std::string& run, std::vector<std::string> sets = {}) const {
    TrainRequest r;
    r.run = folder_ + "/" + run;
    r.sets = {"data.file=" + folder_ + "/a.h5", "data.batch_size=128", "parallel.leaves=4", "model.hidden=[16]",
              "model.batch_norm=true",          "train.epochs=3"};
    r.sets.insert(r.sets.end(), sets.begin(), sets.end());
    return r;
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  /// The status a request ends with on this rank; the message, if any, goes to message_.
  ExitStatus status_of(const TrainRequest& request, Communicator& comm) {
    message_.clear();
    try {
      return train_run(request, comm);
    } catch (const Error& e) {
      message_ = e.what();
      return e.status();
    }
  }
  ExitStatus status_of(const TrainRequest& request) { return status_of(request, test_world()); }
  /// On rank 0 alone, as a job of one rank; the others wait.
  ExitStatus status_alone(const TrainRequest& request) {
    std::int64_t status = 0;
    if (test_world().rank() == 0) {
      Communicator alone;
      status = static_cast<std::int64_t>(status_of(request, alone));
    }
    return static_cast<ExitStatus>(test_world().all_max(status));
  }
  /// Every rank reads it: the file is complete when train_run returns on all.
  std::string digest_in(const std::string& run, const std::string& link = "latest") const {
    test_world().barrier();
    const std::string file = path(run) + "/checkpoints/" + link;
    const Archive archive = parse_checkpoint(read_file(file), file);
    EXPECT_EQ(archive.attribute<std::string>("digest"), digest(archive));
    return digest(archive);
  }
  /// The lines without what the clock says.
  std::vector<std::string> metrics(const std::string& run) const {
    std::istringstream lines(read_text(path(run) + "/metrics.jsonl"));
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);)
      all.push_back(line.substr(0, std::min(line.find(",\"samples_per_second\""), line.find(",\"time\""))));
    return all;
  }

  std::string folder_;
  std::string message_;
};

}  // namespace shoal::tests
