#include "data/import/cells/cell_kind.hpp"

#include <gtest/gtest.h>

#include "data/import/cells/number_marks.hpp"

namespace shoal {
namespace {

TEST(CellRules, AMissingNumberIsEveryCellOfItsValue) {
  const CellRules rules('.', {"-99", "none"});
  CsvNumber number;
  for (const char* cell : {"", "-99", "-99.0", "-9.9e1", "none"})
    EXPECT_EQ(rules.kind(cell, number), CellKind::missing) << cell;
  EXPECT_EQ(rules.kind("99", number), CellKind::number);
  EXPECT_EQ(number.value, 99.0);
  EXPECT_EQ(rules.kind("None", number), CellKind::text);
}

TEST(NumberMarks, StandAfterEachThreeDigitsOfANumberThatBeginsWithNoZero) {
  EXPECT_EQ(number_with_marks("1,234,567.5", {"", "", true}, '.')->value, 1234567.5);
  EXPECT_EQ(number_with_marks("1.234,5", {"", "", true}, ',')->value, 1234.5);
  for (const char* cell : {"0,123", "1234,567", "12,34", ",123", "1,234.5,678"})
    EXPECT_EQ(marks_of(cell, '.'), std::nullopt) << cell;
}

}  // namespace
}  // namespace shoal
