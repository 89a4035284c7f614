#include "io/support.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {
namespace {

using tests::as_bytes;
using tests::expect_error;
using tests::FileSizeLimit;
using tests::TemporaryFolder;
using Names = std::vector<std::string>;

void write_example(const std::filesystem::path& path) {
  H5Writer writer(path);
  writer.create_array("train/x", ElementType::float32, {1000, 2, 4});
  writer.create_array("train/y", ElementType::int64, {1000});
  writer.create_array("test/x", ElementType::uint8, {0, 8});
  writer.set_attribute("content", std::string("not yet known"));
  for (std::int64_t row = 990; row >= 0; row -= 10) {  // backwards: no order of calls is asked for
    const std::vector<float> x(80, static_cast<float>(row));
    writer.write_rows("train/x", row, as_bytes(x));
    const std::vector<std::int64_t> y(10, row);
    writer.write_rows("train/y", row, as_bytes(y));
  }
  writer.set_attribute("content", std::string("abc"));
  writer.set_attribute("classes", std::int64_t{10});
  writer.set_attribute("class_names", Names{"a", "bc"});
  writer.finish();
}

TEST(H5Writer, WritesWhatTheReaderFinds) {
  const TemporaryFolder folder;
  write_example(folder / "d.h5");
  EXPECT_EQ(folder.names(), Names{"d.h5"});
  const H5Reader reader(folder / "d.h5");
  const RandomAccessFile file(folder / "d.h5");
  const ArrayInfo x = reader.array("train/x");
  EXPECT_EQ(x.shape, (std::vector<std::int64_t>{1000, 2, 4}));
  std::vector<float> row(8);
  file.read(x.offset + 555 * x.row_bytes(), std::as_writable_bytes(std::span(row)));
  EXPECT_EQ(row, std::vector<float>(8, 550));
  const ArrayInfo y = reader.array("train/y");
  std::int64_t label = 0;
  file.read(y.offset + 999 * y.row_bytes(), std::as_writable_bytes(std::span(&label, 1)));
  EXPECT_EQ(label, 990);
  EXPECT_EQ(reader.array("test/x").bytes, 0);
  EXPECT_EQ(reader.attribute<std::string>("content"), "abc");
  EXPECT_EQ(reader.attribute<std::int64_t>("classes"), 10);
  EXPECT_EQ(reader.attribute<Names>("class_names"), (Names{"a", "bc"}));
}

TEST(H5Writer, BytesAreAFunctionOfTheCalls) {
  const TemporaryFolder folder;
  write_example(folder / "a.h5");
  write_example(folder / "b.h5");
  EXPECT_EQ(read_text(folder / "a.h5"), read_text(folder / "b.h5"));
}

TEST(H5Writer, WithoutFinishNothingChanges) {
  const TemporaryFolder folder;
  write_text_atomically(folder / "d.h5", "old");
  {
    H5Writer writer(folder / "d.h5");
    writer.create_array("x", ElementType::uint8, {1000});
    EXPECT_EQ(folder.names().size(), 2U);
  }
  EXPECT_EQ(folder.names(), Names{"d.h5"});
  EXPECT_EQ(read_text(folder / "d.h5"), "old");
}

TEST(H5Writer, AFullDiskShowsBeforeTheRowsAreMade) {
  const TemporaryFolder folder;
  write_text_atomically(folder / "d.h5", "old");
  {
    const FileSizeLimit limit(100000);
    H5Writer writer(folder / "d.h5");
    writer.create_array("small", ElementType::uint8, {1000});
    expect_error(ExitStatus::input_output, {(folder / "d.h5").string(), "too large"}, [&] {
      writer.create_array("x", ElementType::float32, {1000, 1000});
    });
  }
  EXPECT_EQ(folder.names(), Names{"d.h5"});
  EXPECT_EQ(read_text(folder / "d.h5"), "old");
}

TEST(H5Writer, AFullDiskAtTheEndIsNoSuccess) {
  const TemporaryFolder folder;
  {
    H5Writer writer(folder / "d.h5");
    const FileSizeLimit limit(16);
    expect_error(ExitStatus::input_output, {(folder / "d.h5").string(), "File too large"}, [&] { writer.finish(); });
  }
  EXPECT_EQ(folder.names(), Names{});
}

TEST(H5Writer, SaysWhereItCannotWrite) {
  const TemporaryFolder folder;
  write_text_atomically(folder / "a", "x");
  expect_error(ExitStatus::input_output, {(folder / "a" / "b").string()}, [&] { H5Writer writer(folder / "a" / "b"); });
}

TEST(H5Writer, RefusesAttributesThatHdf5CannotKeep) {
  const TemporaryFolder folder;
  H5Writer writer(folder / "d.h5");
  expect_error(ExitStatus::bad_data, {"class_names", "shorten"},
               [&] { writer.set_attribute("class_names", Names(100000, "x")); });
}

}  // namespace
}  // namespace shoal
