#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "mpi_test.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/data/columns.hpp"
#include "shoal/infer/checkpoint.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

/// Trainings on files of a folder that all ranks share and that goes with the test.
class TrainingTest : public testing::Test {
 protected:
  /// rank 0 fills the folder by `fill`.
  template <class Fill>
  explicit TrainingTest(const Fill& fill) {
    namespace fs = std::filesystem;
    folder_ = (fs::temp_directory_path() / ("shoal-training-" + std::to_string(getpid()))).string();
    test_world().broadcast_string(folder_);
    run_together(test_world(), [&] {
      if (test_world().rank() != 0) return;
      fs::create_directories(folder_);
      fill(folder_ + "/");
    });
  }
  ~TrainingTest() override {
    test_world().barrier();
    if (test_world().rank() == 0) std::filesystem::remove_all(folder_);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  static std::unique_ptr<Training> begin(const Config& config, Communicator& comm) {
    TrainingData data = select_data(Dataset::open(config.data.file), config);
    learn_columns(data, comm);
    auto training = std::make_unique<Training>(config, make_model(config, data), data, comm);
    training->allocate();
    return training;
  }
  static void go_on(Training& training, std::int64_t until) {
    while (training.progress().step < until) training.end_epoch(training.advance({}));
  }
  static std::string digest_of(Training& training, Communicator& comm) {
    const Archive archive = training.snapshot();
    std::string text = comm.rank() == 0 ? digest(archive) : "";
    comm.broadcast_string(text);
    return text;
  }

 private:
  std::string folder_;
};

}  // namespace shoal
