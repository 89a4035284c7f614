#include "shoal/run/checkpoint_path.hpp"

#include <gtest/gtest.h>

#include "shoal/core/error.hpp"
#include "temporary_folder.hpp"

namespace shoal {
namespace {

TEST(CheckpointPath, FilesStayAsTheyAre) {
  const tests::TemporaryFolder folder;
  tests::write(folder / "a.h5", "");
  EXPECT_EQ(checkpoint_file(folder / "a.h5"), folder / "a.h5");
  EXPECT_EQ(checkpoint_file("no/such/file"), "no/such/file");
}

TEST(CheckpointPath, ARunMeansItsNewest) {
  const tests::TemporaryFolder folder;
  const std::string checkpoints = folder / "checkpoints";
  std::filesystem::create_directory(checkpoints);
  try {
    checkpoint_file(folder / "");
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.status(), ExitStatus::no_input);
  }
  for (const char* name : {"/step-00000003.h5", "/step-00000007.h5"}) tests::write(checkpoints + name, "");
  EXPECT_EQ(checkpoint_file(folder / "."), folder / "./checkpoints/step-00000007.h5");
  std::filesystem::create_symlink("step-00000003.h5", checkpoints + "/latest");  // as a kill leaves it
  EXPECT_EQ(checkpoint_file(folder / "."), folder / "./checkpoints/step-00000007.h5");
  std::filesystem::remove(checkpoints + "/step-00000003.h5");
  EXPECT_EQ(checkpoint_file(folder / "."), folder / "./checkpoints/step-00000007.h5");
}

}  // namespace
}  // namespace shoal
