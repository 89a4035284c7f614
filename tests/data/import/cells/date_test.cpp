#include "data/import/cells/date.hpp"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(CsvDate, CountsSecondsSince1970) {  // as date -u -d ... +%s says
  EXPECT_EQ(parse_date("1970-01-01"), 0.0);
  EXPECT_EQ(parse_date("2018-01-28"), 1517097600.0);
  EXPECT_EQ(parse_date("2018/01/28"), 1517097600.0);
  EXPECT_EQ(parse_date("2000-02-29 12:30"), 951827400.0);
  EXPECT_EQ(parse_date("1969-12-31T23:59:59Z"), -1.0);
  EXPECT_EQ(parse_date("2018-01-28T01:00:00.25+01:00"), 1517097600.25);
  EXPECT_EQ(parse_date("2018-01-27 19:00:00-0500"), 1517097600.0);
  EXPECT_EQ(parse_date("2018-01-28T05:30:00+05:30"), 1517097600.0) << "minutes of a zone";
  EXPECT_EQ(parse_date("2016-12-31T23:59:60Z"), 1483228800.0) << "a leap second";
  EXPECT_EQ(parse_date("0001-01-01"), -62135596800.0);
}

TEST(CsvDate, TakesNothingElse) {
  for (const char* text : {"",
                           "2018",
                           "20180128",
                           "2018-1-28",
                           "2018-13-01",
                           "2019-02-29",
                           "2018-00-10",
                           "2018-01-28 ",
                           "2018-01-28x",
                           "2018-01-28 24:00",
                           "2018-01-28T12",
                           "28.13.2018",
                           "01/28/2018",
                           "2018-01/28",
                           "28.01/2018",
                           "28.01.18",
                           "1.28.2018",
                           "28.01.2018 12:00 XM",
                           "2018-01-28 1:00",
                           "30.02.2018",
                           "2018-01-28T12:30+1",
                           "0000-01-01",
                           "1900-02-29",
                           "2100-02-29"})
    EXPECT_EQ(parse_date(text), std::nullopt) << text;
}

TEST(CsvDate, TakesTheYearLast) {
  EXPECT_EQ(parse_date("28.01.2018"), 1517097600.0) << "points are between days and months, in that order";
  EXPECT_EQ(parse_date("28.1.2018 1:00"), 1517101200.0);
  EXPECT_EQ(parse_date("1.2.2018"), parse_date("2018-02-01"));
  for (const char* text : {"28/01/2018", "28-1-2018", "28/01/2018 00:00:00", "28/1/2018 12:00 AM"})
    EXPECT_EQ(parse_date(text, DateOrder::day_first), 1517097600.0) << text;
  for (const char* text : {"01/28/2018", "1-28-2018", "01/28/2018 00:00:00", "1/28/2018 12:00 am", "28.01.2018"})
    EXPECT_EQ(parse_date(text, DateOrder::month_first), 1517097600.0) << text;
  EXPECT_EQ(parse_date("1/28/2018 1:30 PM", DateOrder::month_first), 1517097600.0 + 13.5 * 3600);
  EXPECT_EQ(parse_date("01/02/2018", DateOrder::day_first), parse_date("2018-02-01"));
  EXPECT_EQ(parse_date("01/02/2018", DateOrder::month_first), parse_date("2018-01-02"));
  EXPECT_EQ(parse_date("2018-01-28", DateOrder::month_first), 1517097600.0) << "a year in front has one reading";
  for (const char* text : {"1/28/2018 13:00 PM", "1/28/2018 0:30 AM", "28/01/2018", "01/28/18", "1/28/2018 "})
    EXPECT_EQ(parse_date(text, DateOrder::month_first), std::nullopt) << text;
}

TEST(CsvDate, SaysItsZone) {
  for (const char* text : {"2018-01-28 12:00Z", "1-28-2018 12:00-05:00", "28.01.2018 12:00+01"})
    EXPECT_TRUE(has_zone(text)) << text;
  for (const char* text : {"2018-01-28", "1-1-2018", "01-28-2018 12:00", "28.01.2018"})
    EXPECT_FALSE(has_zone(text)) << text;
}

}  // namespace
}  // namespace shoal
