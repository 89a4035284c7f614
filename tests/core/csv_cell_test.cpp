#include "shoal/core/csv_cell.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(CsvCell, IsQuotedWhereItMustBe) {
  EXPECT_EQ(csv_cell(""), "");
  EXPECT_EQ(csv_cell("cat dog"), "cat dog");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("two\nlines"), "\"two\nlines\"");
  EXPECT_EQ(csv_cell("return\r"), "\"return\r\"");
  EXPECT_EQ(csv_cell("6\" nail"), "\"6\"\" nail\"");
}

TEST(CsvCell, IsOfAFileCalledSo) {
  for (const char* name : {"p.csv", "a/P.CSV", ".csv"}) EXPECT_TRUE(is_csv_name(name)) << name;
  for (const char* name : {"", "csv", "p.csv.gz", "p.h5", "p.tsv"}) EXPECT_FALSE(is_csv_name(name)) << name;
}

}  // namespace
}  // namespace shoal
