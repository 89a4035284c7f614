#include "data/import/csv_reader.hpp"

#include "../data_files.hpp"

namespace shoal {
namespace {

using Cells = std::vector<std::string>;

class CsvFiles : public DataFiles {
 protected:
  std::vector<Cells> rows(const std::string& text) {
    CsvReader reader(write("t.csv", text));
    std::vector<Cells> all;
    Cells cells;
    lines_.clear();
    while (reader.next(cells)) {
      all.push_back(cells);
      lines_.push_back(reader.line());
    }
    return all;
  }
  std::vector<std::int64_t> lines_;
};

TEST_F(CsvFiles, SplitsRowsAndCells) {
  const std::vector<Cells> expected{{"a", "b"}, {"1", ""}};
  EXPECT_EQ(rows("a,b\n1,\n"), expected);
  EXPECT_EQ(rows("a,b\r\n1,\r\n"), expected);
  EXPECT_EQ(rows("a,b\n1,"), expected);
  EXPECT_EQ(rows("a,b\r\n1,\r\n\r\n\n"), expected);
  EXPECT_EQ(rows("\xEF\xBB\xBF"
                 "a,b\n1,\n"),
            expected);
  EXPECT_TRUE(rows("").empty());
  EXPECT_TRUE(rows("\n\n").empty());
}

TEST_F(CsvFiles, ReadsQuotedCells) {
  const std::vector<Cells> expected{{"x, y", "say \"hi\"", "two\nlines", ""}, {"1", "2", "3", "4"}};
  EXPECT_EQ(rows("\"x, y\",\"say \"\"hi\"\"\",\"two\nlines\",\"\"\r\n1,2,3,\"4\"\n"), expected);
  EXPECT_EQ(lines_, (std::vector<std::int64_t>{1, 3}));
}

TEST_F(CsvFiles, LeavesOutAWholeByteOrderMarkAlone) {
  EXPECT_EQ(rows("\xEF\xBE\xB1,b\n"), (std::vector<Cells>{{"\xEF\xBE\xB1", "b"}}));
  EXPECT_EQ(rows("\xEF"), (std::vector<Cells>{{"\xEF"}}));
}

TEST_F(CsvFiles, NamesTheLineOfAMistake) {
  expect_error([&] { rows(std::string("a,b\n1,x\0y\n", 10)); }, ExitStatus::bad_data, {"t.csv:2", "a byte 0"});
  expect_error([&] { rows(std::string("a\n\"\n\0\"\n", 7)); }, ExitStatus::bad_data, {"t.csv:3", "a byte 0"});

  expect_error([&] { rows("a\n\"b\nc\n"); }, ExitStatus::bad_data, {"t.csv:2", "never closed"});
  expect_error([&] { rows("a\n\"b\" c\n"); }, ExitStatus::bad_data, {"t.csv:2", "closing quote"});
  expect_error([&] { rows("1,2\n\n3,4\n"); }, ExitStatus::bad_data, {"t.csv:2", "blank line"});
}

TEST(CsvNumbers, AreWholeTexts) {
  EXPECT_EQ(parse_number("1.5"), 1.5);
  EXPECT_EQ(parse_number(" \t-2e3 "), -2000.0);
  EXPECT_EQ(parse_number("+7"), 7.0);
  EXPECT_EQ(parse_number(".5"), 0.5);
  for (const char* text : {"", " ", "abc", "1x", "1 2", "+-1", "0x10", "--1", "1,5"}) {
    EXPECT_EQ(parse_number(text), std::nullopt) << text;
  }
}

TEST(CsvNumbers, AreShownOnOneLine) {
  EXPECT_EQ(shown("a\nb"), "a?b");
  const std::string text(50, 'a');
  EXPECT_EQ(shown(text), text.substr(0, 40).append("..."));
}

}  // namespace
}  // namespace shoal
