#include "io/ownership/incarnation.hpp"

#include "io/support.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/ownership/lock.hpp"

namespace shoal {
namespace {

using tests::as_bytes;
using tests::expect_error;
using tests::TemporaryFolder;
using Names = std::vector<std::string>;

TEST(Incarnation, NumbersAreTakenOnceAndOnlyGrow) {
  const TemporaryFolder folder;
  EXPECT_EQ(Incarnation::newest(folder.path()), 0);
  EXPECT_TRUE(Incarnation::claim(folder.path(), 1));
  EXPECT_FALSE(Incarnation::claim(folder.path(), 1));
  EXPECT_TRUE(Incarnation::claim(folder.path(), 10));
  EXPECT_FALSE(Incarnation::claim(folder.path(), 9)) << "less than the newest: its owner was fenced off";
  EXPECT_FALSE(std::filesystem::exists(folder / "incarnation-9"));
  for (const std::string other : {"incarnation-", "incarnation-x", "incarnation-11x", "incarnation--12", "incarnation"})
    std::filesystem::create_directory(folder / other);
  EXPECT_EQ(Incarnation::newest(folder.path()), 10);  // by number, not as text
  expect_error(ExitStatus::input_output, {"none"}, [&] { Incarnation::newest(folder / "none"); });
  expect_error(ExitStatus::input_output, {"none"}, [&] { static_cast<void>(Incarnation::claim(folder / "none", 1)); });
}

TEST(Incarnation, WritesLinksAndRemovesThroughItsFolder) {
  const TemporaryFolder folder;
  const auto own = Incarnation::claim(folder.path(), 1);
  const std::string text = "new";
  own->write(folder / "file", as_bytes(text));
  own->link(folder / "link", "file");
  EXPECT_EQ(read_text(folder / "link"), "new");
  EXPECT_EQ(folder.names(), (Names{"file", "incarnation-1", "link"}));
  EXPECT_TRUE(std::filesystem::is_empty(folder / "incarnation-1"));
  own->link(folder / "link", "elsewhere");
  EXPECT_EQ(std::filesystem::read_symlink(folder / "link"), "elsewhere");
  own->remove(folder / "file");
  own->remove(folder / "file");  // not there: nothing to do
  EXPECT_EQ(folder.names(), (Names{"incarnation-1", "link"}));
}

TEST(Incarnation, OnceFencedOffChangesNothing) {
  const TemporaryFolder folder;
  const auto old = Incarnation::claim(folder.path(), 1);
  const std::string text = "old";
  old->write(folder / "file", as_bytes(text));
  old->link(folder / "link", "file");
  write_text_atomically(old->workshop(folder / "half"), "under way");
  const auto next = Incarnation::claim(folder.path(), 2);
  EXPECT_FALSE(old->stands());
  next->fence_off_earlier();
  EXPECT_FALSE(old->stands());
  EXPECT_TRUE(next->stands());
  const std::string late = "late";
  expect_error(ExitStatus::input_output, {"file"}, [&] { old->write(folder / "file", as_bytes(late)); });
  expect_error(ExitStatus::input_output, {"link"}, [&] { old->link(folder / "link", "elsewhere"); });
  expect_error(ExitStatus::input_output, {"file"}, [&] { old->remove(folder / "file"); });
  EXPECT_EQ(read_text(folder / "file"), "old");
  EXPECT_EQ(std::filesystem::read_symlink(folder / "link"), "file");
  EXPECT_EQ(folder.names(), (Names{"file", "incarnation-2", "link"}));
}

TEST(Incarnation, IsNotHelpedByAFolderThatIsMadeAgain) {
  const TemporaryFolder folder;
  const auto old = Incarnation::claim(folder.path(), 1);
  const auto next = Incarnation::claim(folder.path(), 2);
  next->fence_off_earlier();
  std::filesystem::create_directory(folder / "incarnation-1");  // by somebody who is late to claim it
  const std::string late = "late";
  expect_error(ExitStatus::input_output, {"file"}, [&] { old->write(folder / "file", as_bytes(late)); });
  expect_error(ExitStatus::input_output, {"link"}, [&] { old->link(folder / "link", "elsewhere"); });
  EXPECT_EQ(folder.names(), (Names{"incarnation-1", "incarnation-2"}));
}

TEST(RunLock, OfAnOwnerThatWasFencedOffSaysSo) {
  const TemporaryFolder folder;
  const RunLock old(folder.path());
  EXPECT_EQ(old.incarnation(), 1);
  const std::string text = "kept";
  old.write(folder / "file", as_bytes(text));
  Incarnation::claim(folder.path(), 2)->fence_off_earlier();
  const auto taken = ExitStatus::taken;
  expect_error(taken, {folder.path().string(), "taken over"}, [&] { old.check(); });
  const std::string late = "late";
  expect_error(taken, {"taken over"}, [&] { old.write(folder / "file", as_bytes(late)); });
  expect_error(taken, {"taken over"}, [&] { old.link(folder / "link", "file"); });
  expect_error(taken, {"taken over"}, [&] { old.remove(folder / "file"); });
  EXPECT_EQ(read_text(folder / "file"), "kept");
}

}  // namespace
}  // namespace shoal
