#include "shoal/io/temporary_file.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "io/support.hpp"
#include "shoal/io/file.hpp"

namespace shoal::posix {
namespace {

namespace fs = std::filesystem;

std::filesystem::path touched(const fs::path& path) {
  write_text_atomically(path, "x");
  return path;
}

TEST(TemporaryFile, IsGoneOrMovedAtItsEnd) {
  const tests::TemporaryFolder folder;
  {
    const TemporaryFile gone(touched(folder / "gone"));
    TemporaryFile moved(touched(folder / "moved"));
    TemporaryFile taken(std::move(moved));
    taken.move_to(folder / "there");
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"there"});
}

TEST(TemporaryFile, AllThatAreAliveCanBeRemovedAtOnce) {
  const tests::TemporaryFolder folder;
  std::optional<TemporaryFile> first(touched(folder / "first"));
  TemporaryFile second(touched(folder / "second"));
  TemporaryFile third(touched(folder / "third"));
  third.move_to(folder / "there");
  const TemporaryFile carried(std::move(second));
  first.reset();
  touched(folder / "first");  // by now somebody else's
  remove_temporary_files();
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"first", "there"}));
}

extern "C" void remove_in_handler(int) { remove_temporary_files(); }

TEST(TemporaryFile, MayBeRemovedByASignalHandlerAtAnyMoment) {
  const tests::TemporaryFolder folder;
  const auto before = std::signal(SIGUSR2, remove_in_handler);
  std::thread other([&] {
    for (int i = 0; i < 2000; ++i) const TemporaryFile made(folder / "other");
  });
  for (int i = 0; i < 2000; ++i) {
    const TemporaryFile made(folder / "mine");
    std::raise(SIGUSR2);
  }
  other.join();
  std::signal(SIGUSR2, before);
  EXPECT_TRUE(folder.names().empty());
}

}  // namespace
}  // namespace shoal::posix
