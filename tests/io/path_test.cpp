#include "shoal/io/path.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "io/support.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using tests::TemporaryFolder;

/// A folder with real/inside, link -> real/inside, up -> .. and a file.
class PathTest : public ::testing::Test {
 protected:
  PathTest() {
    fs::create_directories(folder_ / "real/inside");
    fs::create_directory_symlink("real/inside", folder_ / "link");
    fs::create_directory_symlink("..", folder_ / "real/up");
    write_text_atomically(folder_ / "file", "x");
  }
  std::string tidy(const std::string& path) const { return tidy_path(folder_ / path).string(); }
  std::string in(const std::string& path) const { return (fs::canonical(folder_.path()) / path).string(); }
  std::string named(const std::string& path) const { return (folder_ / path).string(); }

  TemporaryFolder folder_;
};

TEST_F(PathTest, ShortensWhatMeansTheSame) {
  EXPECT_EQ(tidy("./real//inside/."), named("real/inside"));
  EXPECT_EQ(tidy("real/inside/"), named("real/inside"));
  EXPECT_EQ(tidy("real/inside/.."), named("real"));
  EXPECT_EQ(tidy("real/../file"), named("file"));
  EXPECT_EQ(tidy("new"), named("new"));
  EXPECT_EQ(tidy_path("/"), "/");
  EXPECT_EQ(tidy_path("/.."), "/");
  EXPECT_EQ(tidy_path("a"), "a");
  EXPECT_EQ(tidy_path("./"), ".");
  EXPECT_EQ(tidy_path("../x/"), "../x/");
  EXPECT_EQ(tidy_path(""), "");
}

TEST_F(PathTest, TakesDotsBehindALinkAsTheSystemDoes) {
  EXPECT_EQ(tidy("link/../new"), in("real/new"));
  EXPECT_EQ(tidy("link/../up/file"), in("real/up/file"));
  EXPECT_TRUE(fs::equivalent(tidy("link/../up/file"), folder_ / "file"));
  EXPECT_EQ(tidy("link/new"), named("link/new"));  // a link that nothing climbs out of keeps its name
  EXPECT_EQ(tidy("link/."), named("link"));
}

TEST_F(PathTest, LeavesWhatTheSystemRefuses) {
  EXPECT_EQ(tidy("none/../file"), named("none/../file"));
  EXPECT_EQ(tidy("file/../real"), named("file/../real"));
  EXPECT_EQ(tidy("file/"), named("file/"));
}

TEST_F(PathTest, NamesFoldersThatOthersAreNamedAfter) {
  EXPECT_EQ(named_path("demo/"), "demo");
  EXPECT_EQ(named_path("./demo//."), "demo");
  EXPECT_EQ(named_path("."), fs::current_path());
  EXPECT_EQ(named_path(".."), fs::current_path().parent_path());
  EXPECT_EQ(named_path("/"), "/");
}

TEST_F(PathTest, CutsANameForItsEnding) {
  EXPECT_EQ(with_ending("a/b", ".tmp"), "a/b.tmp");
  const std::string ending = ".12.tmp";
  EXPECT_EQ(with_ending(folder_ / std::string(248, 'x'), ending).filename(), std::string(248, 'x') + ending);
  EXPECT_EQ(with_ending(folder_ / std::string(250, 'x'), ending).filename(), std::string(248, 'x') + ending);
}

TEST_F(PathTest, ComparesFileSystems) {
  EXPECT_TRUE(on_one_file_system(folder_ / "link", folder_ / "real"));
  EXPECT_TRUE(on_one_file_system(folder_ / "none", "/proc"));
  EXPECT_FALSE(on_one_file_system(folder_.path(), "/proc"));
}

}  // namespace
}  // namespace shoal
