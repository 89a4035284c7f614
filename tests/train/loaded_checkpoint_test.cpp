#include "shoal/train/loaded_checkpoint.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "mpi_test.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/infer/checkpoint.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

class LoadedCheckpoints : public testing::Test {
 protected:
  void SetUp() override {
    path_ = (fs::temp_directory_path() / ("shoal-loaded-test-" + std::to_string(getpid()) + ".h5")).string();
    test_world().broadcast_string(path_);
    run_together(test_world(), [&] {
      if (test_world().rank() != 0) return;
      Archive archive;
      archive.attributes[CheckpointNames::format_version] = checkpoint_format_version;
      archive.put(make_scalar(CheckpointNames::step, std::int64_t{7}));
      FileBytes bytes;
      encode_checkpoint(archive, bytes);
      write_atomically(path_, bytes);
    });
  }
  void TearDown() override {
    test_world().barrier();
    if (test_world().rank() == 0) fs::remove(path_);
  }

  std::string path_;
};

TEST_F(LoadedCheckpoints, EveryRankGetsWhatRankZeroReads) {
  const Archive archive = load_together(path_, test_world());
  EXPECT_EQ(archive.scalar<std::int64_t>(CheckpointNames::step), 7);
  EXPECT_EQ(archive.name, path_);
  EXPECT_FALSE(share_checkpoint(std::nullopt, test_world()).has_value());
}

TEST_F(LoadedCheckpoints, OneThatIsDamagedIsRefusedByAll) {
  run_together(test_world(), [&] {
    if (test_world().rank() == 0) fs::resize_file(path_, fs::file_size(path_) - 1);
  });
  std::string message;
  try {
    load_together(path_, test_world());
  } catch (const SharedError& e) {
    EXPECT_EQ(e.status(), ExitStatus::bad_data);
    message = e.what();
  }
  EXPECT_NE(message.find("is cut short"), std::string::npos) << message;
  EXPECT_TRUE(all_equal(message));
}

}  // namespace
}  // namespace shoal
