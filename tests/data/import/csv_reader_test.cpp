#include "data/import/csv_reader.hpp"

#include "../data_files.hpp"

namespace shoal {
namespace {

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
