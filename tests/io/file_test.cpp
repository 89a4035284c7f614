#include "shoal/io/file.hpp"

#include <sys/stat.h>

#include <thread>

#include "io/support.hpp"

namespace shoal {
namespace {

using tests::as_bytes;
using tests::expect_error;
using tests::FileSizeLimit;
using tests::TemporaryFolder;
using Names = std::vector<std::string>;

TEST(ReadFile, GivesWhatWasWritten) {
  const TemporaryFolder folder;
  std::string text(100000, 'a');
  text[777] = '\0';
  write_text_atomically(folder / "a", text);
  EXPECT_EQ(read_text(folder / "a"), text);
  EXPECT_EQ(read_file(folder / "a").size(), text.size());
  write_text_atomically(folder / "a", "");
  EXPECT_EQ(read_text(folder / "a"), "");
  EXPECT_EQ(folder.names(), Names{"a"});
}

TEST(ReadFile, ReadsFilesThatDoNotKnowTheirSize) { EXPECT_NE(read_text("/proc/self/stat"), ""); }

TEST(ReadFile, NamesWhatIsMissingOrUnreadable) {
  const TemporaryFolder folder;
  expect_error(ExitStatus::no_input, {"none.h5"}, [&] { read_file(folder / "none.h5"); });
  expect_error(ExitStatus::input_output, {folder.path().string(), "directory"}, [&] { read_file(folder.path()); });
}

TEST(WriteAtomically, LeavesTheOldFileWhenTheNewOneDoesNotFit) {
  const TemporaryFolder folder;
  write_text_atomically(folder / "a", "old");
  {
    const FileSizeLimit limit(1000);
    expect_error(ExitStatus::input_output, {(folder / "a").string(), "too large"},
                 [&] { write_text_atomically(folder / "a", std::string(5000, 'x')); });
  }
  EXPECT_EQ(read_text(folder / "a"), "old");
  EXPECT_EQ(folder.names(), Names{"a"});
}

TEST(WriteAtomically, SaysWhereItCannotWrite) {
  const TemporaryFolder folder;
  write_text_atomically(folder / "a", "x");
  expect_error(ExitStatus::input_output, {(folder / "a" / "b").string(), "Not a directory"},
               [&] { write_text_atomically(folder / "a" / "b", "y"); });
  std::filesystem::create_directory(folder / "d");
  expect_error(ExitStatus::input_output, {(folder / "d").string(), "directory"},
               [&] { write_text_atomically(folder / "d", "y"); });
  EXPECT_EQ(folder.names(), (Names{"a", "d"}));
}

TEST(WriteAtomically, PutsNoFileInPlaceOfADevice) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  expect_error(ExitStatus::input_output, {(folder / "pipe").string(), "pipe", "name a file"},
               [&] { write_text_atomically(folder / "pipe", "x"); });
  EXPECT_TRUE(std::filesystem::is_fifo(folder / "pipe"));
  std::filesystem::create_symlink("/dev/null", folder / "link");
  expect_error(ExitStatus::input_output, {"link", "device"}, [&] { write_text_atomically(folder / "link", "x"); });
  EXPECT_EQ(folder.names(), (Names{"link", "pipe"}));
}

TEST(WriteSoon, ReplacesAFileWholeOrLeavesIt) {
  const TemporaryFolder folder;
  const std::string old = "old";
  const std::string wide(5000, 'x');
  write_soon(folder / "a", as_bytes(old));
  EXPECT_EQ(read_text(folder / "a"), old);
  {
    const FileSizeLimit limit(1000);
    expect_error(ExitStatus::input_output, {(folder / "a").string(), "too large"},
                 [&] { write_soon(folder / "a", as_bytes(wide)); });
  }
  EXPECT_EQ(read_text(folder / "a"), old);
  write_soon(folder / "a", as_bytes(wide));
  EXPECT_EQ(read_text(folder / "a"), wide);
  std::filesystem::create_directory(folder / "d");
  expect_error(ExitStatus::input_output, {(folder / "d").string(), "directory"},
               [&] { write_soon(folder / "d", as_bytes(old)); });
  EXPECT_EQ(folder.names(), (Names{"a", "d"}));
}

TEST(RandomAccessFile, ReadsAnywhereFromManyThreads) {
  const TemporaryFolder folder;
  std::vector<std::int32_t> numbers(10000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int32_t>(i);
  write_atomically(folder / "n", as_bytes(numbers));
  const RandomAccessFile file(folder / "n");
  EXPECT_EQ(file.size(), 40000);
  std::vector<std::vector<std::int32_t>> read(2, std::vector<std::int32_t>(numbers.size()));
  std::vector<std::thread> threads;
  threads.reserve(read.size());
  for (auto& part : read) {
    threads.emplace_back([&file, &part] {
      for (std::size_t i = part.size(); i-- > 0;) {
        file.read(static_cast<std::int64_t>(4 * i), std::as_writable_bytes(std::span(part).subspan(i, 1)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read[0], numbers);
  EXPECT_EQ(read[1], numbers);
}

TEST(RandomAccessFile, NoticesWhoWritesToIt) {
  const TemporaryFolder folder;
  write_text_atomically(folder / "a", "12345");
  const RandomAccessFile file(folder / "a");
  EXPECT_FALSE(file.written_since());
  write_text_atomically(folder / "a", "54321");  // another file of that name
  EXPECT_FALSE(file.written_since());
  RandomAccessFile other(folder / "a");
  std::filesystem::last_write_time(folder / "a",
                                   std::filesystem::last_write_time(folder / "a") + std::chrono::seconds(1));
  const RandomAccessFile moved(std::move(other));
  EXPECT_TRUE(moved.written_since());
}

TEST(RandomAccessFile, SaysThatTheFileIsCutShort) {
  const TemporaryFolder folder;
  write_text_atomically(folder / "a", "12345");
  const RandomAccessFile file(folder / "a");
  std::vector<std::byte> bytes(3);
  file.read(2, bytes);
  expect_error(ExitStatus::bad_data, {(folder / "a").string(), "cut short", "byte 6"}, [&] { file.read(3, bytes); });
  expect_error(ExitStatus::no_input, {"none"}, [&] { RandomAccessFile(folder / "none"); });
  expect_error(ExitStatus::no_input, {folder.path().string(), "a file that can be read"},
               [&] { RandomAccessFile(folder.path()); });
}

TEST(GrowingFile, AppearsWholeAtItsEnd) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "text";
  write_text_atomically(path, "old");
  {
    GrowingFile left(path);
    left.append("half");
  }
  EXPECT_EQ(read_text(path), "old");
  GrowingFile file(path);
  file.append("one, ");
  file.append("two");
  EXPECT_EQ(read_text(path), "old");
  file.finish();
  EXPECT_EQ(read_text(path), "one, two");
  EXPECT_EQ(folder.names(), Names{"text"});
}

TEST(CheckWritable, LeavesNothingBehind) {
  const TemporaryFolder folder;
  check_writable(folder / "a");
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  write_text_atomically(folder / "a", "12345");
  check_writable(folder / "a");
  EXPECT_EQ(read_text(folder / "a"), "12345");
  expect_error(ExitStatus::input_output, {"none/a"}, [&] { check_writable(folder / "none/a"); });
}

TEST(AppendFile, GrowsAndGoesOnWhereItWas) {
  const TemporaryFolder folder;
  {
    AppendFile file(folder / "m.jsonl");
    file.append("1\n");
    file.append("2\n");
    file.sync();
  }
  AppendFile file(folder / "m.jsonl");
  file.append("3\n");
  EXPECT_EQ(read_text(folder / "m.jsonl"), "1\n2\n3\n");
}

TEST(AppendFile, LeavesNoPartOfALine) {
  const TemporaryFolder folder;
  AppendFile file(folder / "m.jsonl");
  file.append("1\n");
  {
    const FileSizeLimit limit(100);
    expect_error(ExitStatus::input_output, {"m.jsonl"}, [&] { file.append(std::string(1000, 'x')); });
  }
  file.append("2\n");
  EXPECT_EQ(read_text(folder / "m.jsonl"), "1\n2\n");
}

TEST(AppendFile, SaysThatTheDiskIsFull) {
  AppendFile file("/dev/full");
  expect_error(ExitStatus::input_output, {"/dev/full", "No space left", "full", "4 bytes"},
               [&] { file.append("abc\n"); });
}

}  // namespace
}  // namespace shoal
