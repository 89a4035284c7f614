#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <string>
#include <string_view>

#include "decimal_quotient.hpp"

namespace shoal {

/// How cells are told apart and numbers written, the same in all files of an import.
struct CsvFormat {
  char delimiter = ',';  ///< a space: any run of spaces
  char decimal = '.';
};

/// Behind a text that a cursor walks there are so many bytes 0.
inline constexpr std::size_t csv_padding = 16;

/// What is wrong at a place of the text.
struct CsvFault {
  std::size_t offset = 0;
  std::string what;
};

/// A finite number as it stands in a cell.
struct CsvNumber {
  double value = 0.0;
  bool merged = false;  ///< a whole number that no double is, so that its neighbours are the same double
  bool brief = false;  ///< of at most 6 significant digits: its float32, written with 6 digits, reads back as the value
};

/// Walks over the cells of rows, as RFC 4180 has them: quoted cells may hold delimiters, line ends and doubled quotes.
/// The text ends with `row_end`; before a line feed a carriage return is part of it.
class CsvCursor {
 public:
  CsvCursor(std::string_view text, const CsvFormat& format, char row_end)
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), format_(format), row_end_(row_end) {
    skip_spaces();
  }

  bool at_end() const { return at_ == end_; }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }
  /// Whether the row goes on behind the cell that was read last.
  bool more() const { return more_; }
  /// Passes over a line with blanks alone; false, and nothing is passed, where the next line is another.
  bool skip_blank_line();

  /// The next cell without blanks around it. Lives as long as the text and this cursor. @throws CsvFault
  std::string_view cell();
  /// The next cell if it is a number without quotes that costs no second look; else nothing is passed.
  bool plain_number(CsvNumber& number);

 private:
  bool ends_cell(const char* p) const {
    return *p == format_.delimiter || *p == row_end_ || (*p == '\r' && p[1] == row_end_);
  }
  void pass_end(const char* p) {  // of the cell, which ends at p
    if (*p == format_.delimiter) {
      at_ = p + 1;
      more_ = true;
      if (format_.delimiter != ' ') return;
      skip_spaces();
      if (!ends_cell(at_)) return;
      p = at_;
    }
    at_ = p + (*p == '\r' && row_end_ != '\r' ? 2 : 1);
    more_ = false;
    skip_spaces();
  }
  void skip_spaces() {
    if (format_.delimiter != ' ') return;
    while (*at_ == ' ') ++at_;
  }
  std::string_view quoted();

  const char* begin_;
  const char* at_;
  const char* end_;
  CsvFormat format_;
  char row_end_;
  bool more_ = false;
  std::deque<std::string> unescaped_;
};

namespace csv_digits {

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

/// Whether eight characters are digits, and the number that they are.
inline bool eight_digits(const char* p, std::uint64_t& value) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  if (((word & 0xF0F0F0F0F0F0F0F0U) | (((word + 0x0606060606060606U) & 0xF0F0F0F0F0F0F0F0U) >> 4)) !=
      0x3333333333333333U)
    return false;
  word = (word & 0x0F0F0F0F0F0F0F0FU) * 2561 >> 8;
  word = (word & 0x00FF00FF00FF00FFU) * 6553601 >> 16;
  value = (word & 0x0000FFFF0000FFFFU) * 42949672960001U >> 32;
  return true;
}

/// Appends the digits at p to m, which overflows silently; returns how many there are.
inline int take(const char*& p, std::uint64_t& m) {
  const char* const first = p;
  std::uint64_t eight = 0;
  while (eight_digits(p, eight)) {
    m = m * 100000000U + eight;
    p += 8;
  }
  for (; is_digit(*p); ++p) m = m * 10 + static_cast<std::uint64_t>(*p - '0');
  return static_cast<int>(p - first);
}

inline constexpr std::array powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// A number without a sign that has more digits than a double holds, or an exponent; false for one that is not finite.
bool long_number(const char* first, const char* last, char decimal, CsvNumber& number);

}  // namespace csv_digits

inline bool CsvCursor::plain_number(CsvNumber& number) {
  const char* p = at_;
  const bool negative = *p == '-';
  if (negative || *p == '+') ++p;
  const char* const first = p;
  std::uint64_t m = 0;
  int digits = csv_digits::take(p, m);
  int fraction = 0;
  if (*p == format_.decimal) {
    ++p;
    fraction = csv_digits::take(p, m);
    digits += fraction;
  }
  if (digits == 0 || !ends_cell(p)) {
    const bool exponent = digits > 0 && (*p == 'e' || *p == 'E');
    if (!exponent) return false;
    ++p;
    if (*p == '-' || *p == '+') ++p;
    if (!csv_digits::is_digit(*p)) return false;
    while (csv_digits::is_digit(*p)) ++p;
    if (!ends_cell(p)) return false;
    digits = digits <= 19 && m < 1000000 ? 1 : 20;  // goes the long way
    fraction = 23;
  }
  constexpr std::uint64_t exact = std::uint64_t{1} << 53;
  double value = 0.0;
  // A whole number and a power of ten that are both exact make one rounding. Source: Clinger, "How to read floating
  // point numbers accurately", PLDI 1990.
  if (digits <= 19 && m <= exact && fraction <= 22) {
    value = static_cast<double>(m) / csv_digits::powers[static_cast<std::size_t>(fraction)];
    number.brief = m < 1000000;
    number.merged = false;
  } else if (m > exact && digits <= 19 && fraction >= 4 && fraction <= most_fraction &&
             decimal_quotient(m, fraction, value)) {
    number.brief = false;
    number.merged = false;  // with four digits behind the point it is less than 2^53
  } else {
    if (!csv_digits::long_number(first, p, format_.decimal, number)) return false;
    value = number.value;
    const float narrow = std::fabs(static_cast<float>(value));
    number.brief = digits <= 19 && m < 1000000 && narrow >= std::numeric_limits<float>::min() &&
                   narrow <= std::numeric_limits<float>::max();
  }
  number.value = negative ? -value : value;
  pass_end(p);
  return true;
}

}  // namespace shoal
