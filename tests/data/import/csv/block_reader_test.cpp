#include "data/import/csv/block_reader.hpp"

#include <zstd.h>

#include "../../data_files.hpp"

namespace shoal {
namespace {

TEST(CsvBlocks, EndWhereARowDoes) {
  EXPECT_EQ(last_row_end("a,b\nc,d\ne", ',', '\n'), 8U);
  EXPECT_EQ(last_row_end("a,\"b\nc\"\nd", ',', '\n'), 8U);
  EXPECT_EQ(last_row_end("a,\"b\nc\n", ',', '\n'), 0U) << "the quote is open";
  EXPECT_EQ(last_row_end("a,b\n\"x\"\"\n", ',', '\n'), 4U);
  EXPECT_EQ(last_row_end("a,b\"\nc\n", ',', '\n'), 7U) << "a quote inside a cell opens nothing";
  EXPECT_EQ(last_row_end("a,b\n\"x\"", ',', '\n'), 4U) << "the quote may go on";
  EXPECT_EQ(last_row_end("abc", ',', '\n'), 0U);
}

TEST(CsvLines, AreThoseOfTheBlockInAnyOrder) {
  std::string text;
  for (int i = 0; i < 900; ++i) text += std::string(static_cast<std::size_t>(i % 7), 'x') + '\n';
  CsvBlock block;
  block.first_line = 12;
  block.held.assign(text.begin(), text.end());
  block.held.resize(text.size() + csv_padding, '\0');
  CsvLines lines(block);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t offset = i * 1009 % text.size();
    ASSERT_EQ(lines.at(offset), block.line_at(offset)) << offset;
  }
  EXPECT_EQ(lines.at(text.size()), 12 + 900);
}

class CsvTexts : public DataFiles {
 protected:
  /// All text of a file, read in blocks of a few bytes.
  std::string text_of(const std::string& file, std::size_t bytes = 5) {
    const CsvFiles files({file}, path("out.h5"));
    CsvBlockReader reader(files, 0);
    reader.sample(bytes);
    std::string all;
    lines_.clear();
    for (CsvBlock block; reader.next(block, bytes, ',');) {
      lines_.push_back(block.first_line);
      EXPECT_EQ(block.begins_file, all.empty());
      all += block.text();
    }
    return all;
  }
  std::vector<std::int64_t> lines_;
};

TEST_F(CsvTexts, AreCutAndCounted) {
  EXPECT_EQ(text_of(write("t.csv", "ab,c\n\"d\n\ne\",f\ng")), "ab,c\n\"d\n\ne\",f\ng\n");
  EXPECT_EQ(lines_, (std::vector<std::int64_t>{1, 2, 5}));
  EXPECT_EQ(text_of(write("empty.csv", "")), "");
}

TEST_F(CsvTexts, AreUtf8WithoutItsMark) {
  const std::string text = "a,\xC3\xA9\n\xE2\x82\xAC,\xF0\x9D\x84\x9E\n";  // e acute, euro, a clef beyond 16 bits
  EXPECT_EQ(text_of(write("mark.csv", "\xEF\xBB\xBF" + text)), text);
  const std::vector<char16_t> units{0xFEFF, 'a', ',', 0xE9, '\n', 0x20AC, ',', 0xD834, 0xDD1E, '\n'};
  std::string little;
  std::string big;
  for (const char16_t unit : units) {
    little += {static_cast<char>(unit & 0xFF), static_cast<char>(unit >> 8)};
    big += {static_cast<char>(unit >> 8), static_cast<char>(unit & 0xFF)};
  }
  EXPECT_EQ(text_of(write("little.csv", little)), text);
  EXPECT_EQ(text_of(write("big.csv", big)), text);
  expect_error([&] { text_of(write("odd.csv", little + "x")); }, ExitStatus::bad_data, {"odd.csv", "UTF-16 LE"});
  expect_error([&] { text_of(write("half.csv", little.substr(0, 16))); }, ExitStatus::bad_data,
               {"half.csv", "damaged"});
}

TEST_F(CsvTexts, OfOtherPackersAreNamed) {
  for (const auto& [mark, words] : std::map<std::string, std::vector<std::string>>{
           {"BZh11AY&SY", {"t.csv is packed by bzip2", "bunzip2"}},
           {"\xFD"
            "7zXZ",
            {"packed by xz", "unxz"}},
           {"PK\x03\x04", {"a zip archive or a workbook", "save the sheet as CSV"}}}) {
    const std::string file = write("t.csv", mark + "0123456789");
    expect_error([&] { text_of(file); }, ExitStatus::bad_data, words);
  }
  EXPECT_EQ(text_of(write("t.csv", "BZh,x\n1,2\n")), "BZh,x\n1,2\n");
}

TEST_F(CsvTexts, AreUnpacked) {
  std::string text;
  for (int i = 0; i < 40000; ++i) text += std::to_string(i) + ",x\n";
  EXPECT_EQ(text_of(write_gzip("t.csv.gz", text), 1000), text);
  const std::string twice = bytes_of(path("t.csv.gz")) + bytes_of(path("t.csv.gz"));  // as cat makes it
  EXPECT_EQ(text_of(write("twice.gz", twice), 1000), text + text);
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  EXPECT_EQ(text_of(write("t.csv.zst", packed), 1000), text);
  expect_error([&] { text_of(write("cut.zst", packed.substr(0, packed.size() / 2)), 1000); }, ExitStatus::bad_data,
               {"cut.zst", "zstd data is cut short"});
  packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
  packed[12] = static_cast<char>(packed[12] ^ 0x55);
  expect_error([&] { text_of(write("bad.zst", packed), 1000); }, ExitStatus::bad_data, {"bad.zst", "damaged"});
}

}  // namespace
}  // namespace shoal
