#include "data/import/csv_reader.hpp"

#include "../data_files.hpp"
#include "data/refuse.hpp"

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

TEST(CsvNumbers, BeyondAllDoublesAreNoneAndBelowAllAreZero) {
  const std::string nines(400, '9');
  const std::string zeros(400, '0');
  for (const std::string& huge :
       std::vector<std::string>{nines, "0" + nines, "-0" + nines + ".5", "1" + zeros + "e-5", "0.001e400", "1e309",
                                "1e99999999999999999999", "1" + zeros + zeros + ".0e-400"})
    EXPECT_EQ(parse_number(huge), std::nullopt) << huge;
  for (const std::string& tiny :
       std::vector<std::string>{"0." + zeros + "1", "-." + zeros + "1e+5", "1e-400", "1000e-400", "0.0001e-330",
                                "1e-99999999999999999999", "0." + zeros + zeros + "1e300"})
    EXPECT_EQ(parse_number(tiny), 0.0) << tiny;
  EXPECT_EQ(parse_number("1" + zeros + "e-400"), 1.0);
}

TEST(CsvNumbers, AreShownOnOneLine) {
  EXPECT_EQ(shown("a\nb"), "a?b");
  const std::string text(50, 'a');
  EXPECT_EQ(shown(text), text.substr(0, 40).append("..."));
}

}  // namespace
}  // namespace shoal
