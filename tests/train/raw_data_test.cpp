#include "shoal/train/raw_data.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "mpi_test.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

class RawDataTest : public testing::Test {
 protected:
  RawDataTest() {
    folder_ = (fs::temp_directory_path() / ("shoal-raw-" + std::to_string(getpid()))).string();
    test_world().broadcast_string(folder_);
    run_together(test_world(), [&] {
      if (test_world().rank() == 0) fs::create_directories(folder_ + "/other");
    });
  }
  ~RawDataTest() override {
    test_world().barrier();
    if (test_world().rank() == 0) fs::remove_all(folder_);
  }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string write(const std::string& name, const std::string& text) const {
    if (test_world().rank() == 0) std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

 private:
  std::string folder_;
};

/// Other hosts do not see what rank 0 has: one rank of each writes a copy, which its neighbours find.
TEST_F(RawDataTest, GoesToHostsThatDoNotSeeIt) {
  std::string text;
  for (int i = 0; i < 700'000; ++i) text += std::to_string(i) + ";";  // two pieces
  const std::string file = write("a.h5", text);
  const char* kept = std::getenv("TMPDIR");
  const std::string before = kept == nullptr ? "" : kept;
  setenv("TMPDIR", path("other").c_str(), 1);
  const std::string seen = spread_file(file, test_world(), [](const std::string&) { return true; });
  const std::string blind =
      spread_file(file, test_world(), [](const std::string&) { return test_world().rank() % 2 == 0; });
  test_world().barrier();
  EXPECT_EQ(seen, file);
  EXPECT_EQ(blind, test_world().rank() % 2 == 0 ? file : path("other/a.h5"));
  EXPECT_TRUE(read_text(blind) == text) << blind;
  kept == nullptr ? unsetenv("TMPDIR") : setenv("TMPDIR", before.c_str(), 1);
}

}  // namespace
}  // namespace shoal
