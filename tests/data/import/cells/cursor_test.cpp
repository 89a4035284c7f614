#include "data/import/cells/cursor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "data/import/cells/cell_kind.hpp"
#include "data/import/csv_reader.hpp"

namespace shoal {
namespace {

using CellRows = std::vector<std::vector<std::string>>;

CellRows rows_of(std::string text, char delimiter = ',', char row_end = '\n') {
  const std::size_t size = text.size();
  text.append(csv_padding, '\0');
  CsvCursor cursor(std::string_view(text).substr(0, size), {delimiter, '.'}, row_end);
  CellRows rows;
  while (!cursor.at_end()) {
    auto& row = rows.emplace_back();
    do {
      row.emplace_back(cursor.cell());
    } while (cursor.more());
  }
  return rows;
}

TEST(CsvCursor, CutsRowsAndCells) {
  const CellRows expected{{"a", "b"}, {"1", ""}};
  EXPECT_EQ(rows_of("a,b\n1,\n"), expected);
  EXPECT_EQ(rows_of("a,b\r\n1,\r\n"), expected);
  EXPECT_EQ(rows_of("a,b\r1,\r", ',', '\r'), expected);
  EXPECT_EQ(rows_of("a\tb\n1\t\n", '\t'), expected);
  EXPECT_EQ(rows_of("a\rb, c \n"), (CellRows{{"a\rb", "c"}}));
}

TEST(CsvCursor, TakesRunsOfSpaces) {
  EXPECT_EQ(rows_of("  a   b\n1 2   \n 3 \"x y\"  \r\n", ' '), (CellRows{{"a", "b"}, {"1", "2"}, {"3", "x y"}}));
}

TEST(CsvCursor, ReadsQuotedCells) {
  EXPECT_EQ(rows_of("\"x, y\",\"say \"\"hi\"\"\",\"two\nlines\",\"\"\r\n1,2\"x,3,\"4\" \n"),
            (CellRows{{"x, y", "say \"hi\"", "two\nlines", ""}, {"1", "2\"x", "3", "4"}}));
  EXPECT_THROW(rows_of("a\n\"b\nc\n"), CsvFault);
  EXPECT_THROW(rows_of("a\n\"b\" c\n"), CsvFault);
}

/// The quick way and std::from_chars must agree on every text: whole and broken, short and long.
TEST(CsvCursor, ReadsNumbersAsFromCharsDoes) {
  std::mt19937_64 random(1);
  const std::string letters = "0123456789012345678900000.-+eE x";
  for (int i = 0; i < 200000; ++i) {
    std::string text;
    for (std::uint64_t length = random() % 24 + 1; text.size() < length;) text += letters[random() % letters.size()];
    const auto slow = parse_number(text);
    const auto quick = number_of_cell(trimmed(text), '.');
    const bool signs = text.find("+-") != std::string::npos;
    ASSERT_EQ(quick.has_value(), slow.has_value() && !signs) << text;
    if (quick) {
      ASSERT_EQ(quick->value, *slow) << text;
      ASSERT_EQ(std::signbit(quick->value), std::signbit(*slow)) << text;
    }
  }
}

/// Eight digits are read at once: their borders, and the way of numbers with many digits.
TEST(CsvCursor, ReadsNumbersOfAnyLength) {
  std::mt19937_64 random(2);
  const auto digits = [&](std::uint64_t count) {
    std::string text;
    while (text.size() < count) text += static_cast<char>('0' + (random() % 4 == 0 ? 0 : random() % 10));
    return text;
  };
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const std::uint64_t whole = i % 21;
    const std::string number = digits(whole) + (i % 3 == 0 ? "" : "." + digits(i / 21 % 29));
    const std::string text = (i % 5 == 0 ? "-" : i % 7 == 0 ? "+" : "") + number;
    const auto expected = parse_number(text);
    std::string comma = text;
    std::ranges::replace(comma, '.', ',');
    for (const auto& quick : {number_of_cell(text, '.'), number_of_cell(comma, ',')}) {
      ASSERT_EQ(quick.has_value(), expected.has_value()) << text;
      if (!quick) continue;
      ASSERT_EQ(quick->value, *expected) << text;
      ASSERT_EQ(std::signbit(quick->value), std::signbit(*expected)) << text;
      ASSERT_EQ(quick->zeros, has_zeros_in_front(text)) << text;
      ASSERT_EQ(quick->merged && std::fabs(*expected) < 0x1p53, false) << text;
    }
  }
}

/// Each character beside the digits, at any place among eight and with any behind it.
TEST(CsvCursor, TellsDigitsFromAllOtherCharacters) {
  for (int c = 0; c < 256; ++c) {
    const char other = static_cast<char>(c);
    for (std::size_t at = 0; at < 17; ++at) {
      std::string text(17, '9');
      text[at] = other;
      const std::string padded = text + std::string(csv_padding, '\0');
      const char* p = padded.data();
      std::uint64_t m = 0;
      const int count = csv_digits::take(p, m);
      const bool is_digit = other >= '0' && other <= '9';
      ASSERT_EQ(count, is_digit ? 17 : static_cast<int>(at)) << c << " at " << at;
      ASSERT_EQ(p, padded.data() + count);
      ASSERT_EQ(m, count == 0 ? 0 : std::stoull(text.substr(0, static_cast<std::size_t>(count)))) << c << " at " << at;
    }
  }
}

TEST(CsvCursor, KnowsNumbersOfFewDigits) {
  for (const char* text : {"0", "0.1", "123456", "-1.23456e10", "0.000123456"})
    EXPECT_TRUE(number_of_cell(text, '.')->brief) << text;
  for (const char* text : {"1234567", "0.1234567", "1e39", "1e-39"})
    EXPECT_FALSE(number_of_cell(text, '.')->brief) << text;
  EXPECT_EQ(number_of_cell("1e-400", '.')->value, 0.0);
  EXPECT_EQ(number_of_cell("1e400", '.'), std::nullopt);
  EXPECT_EQ(number_of_cell("inf", '.'), std::nullopt);
  EXPECT_EQ(number_of_cell("-1,5", ',')->value, -1.5);
  EXPECT_EQ(number_of_cell("1234567890123456789,5e1", ',')->value, 12345678901234567895.0);
}

}  // namespace
}  // namespace shoal
