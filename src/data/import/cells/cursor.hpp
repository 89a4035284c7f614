#pragma once

#include <array>
#include <bit>
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
  bool zeros = false;  ///< begins with 0 and another digit, as codes do, and no number has to: 01234
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

/// Eight characters as digits, of which `others` marks the first that is none.
struct Eight {
  explicit Eight(const char* p) {
    std::memcpy(&digits, p, sizeof digits);
    digits ^= 0x3030303030303030U;
    others = ((digits + 0x7676767676767676U) | digits) & 0x8080808080808080U;
  }
  bool all_digits() const { return others == 0; }
  std::uint64_t value() const { return value_of(digits); }
  /// How many digits come before the first other character, of which there is one.
  int count() const { return std::countr_zero(others) / 8; }
  /// Of those alone.
  std::uint64_t value_before_other() const { return value_of(digits << 8 << (63 - std::countr_zero(others))); }

  std::uint64_t digits = 0;
  std::uint64_t others = 0;

 private:
  static std::uint64_t value_of(std::uint64_t word) {
    word = word * 2561 >> 8 & 0x00FF00FF00FF00FFU;
    word = word * 6553601 >> 16 & 0x0000FFFF0000FFFFU;
    return word * 42949672960001U >> 32;
  }
};

inline constexpr std::array<std::uint32_t, 8> whole_powers{1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};

/// Appends the digits at p to m, which overflows silently; returns how many there are. Without a branch for how many
/// of the last eight there are, which nobody can foretell.
inline int take(const char*& p, std::uint64_t& m) {
  const char* const first = p;
  Eight eight(p);
  for (; eight.all_digits(); eight = Eight(p)) {
    m = m * 100000000U + eight.value();
    p += 8;
  }
  const int count = eight.count();
  m = m * whole_powers[static_cast<std::size_t>(count)] + eight.value_before_other();
  p += count;
  return static_cast<int>(p - first);
}

/// The same where one digit is the most likely.
inline int take_whole(const char*& p, std::uint64_t& m) {
  if (!is_digit(p[0]) || is_digit(p[1])) return take(p, m);
  m = static_cast<std::uint64_t>(*p++ - '0');
  return 1;
}

inline constexpr std::array powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/// A number without a sign that has more digits than a double holds, or an exponent; false for one that is not finite.
bool long_number(const char* first, const char* last, char decimal, CsvNumber& number);

}  // namespace csv_digits

[[gnu::always_inline]] inline bool CsvCursor::plain_number(CsvNumber& number) {
  const char* p = at_;
  const bool negative = *p == '-';
  p += negative || *p == '+' ? 1 : 0;
  const char* const first = p;
  std::uint64_t m = 0;
  int digits = csv_digits::take_whole(p, m);
  number.zeros = digits > 1 && *at_ == '0';
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
  number.brief = m < 1000000;
  number.merged = false;
  // Numbers of many digits go one way, whether or not they are below `exact`. With four digits behind the point they
  // are less than 2^53.
  if (digits > 15 && digits <= 19 && fraction >= 4 && fraction <= most_fraction && m != 0 &&
      decimal_quotient(m, fraction, value)) {
    // `value` is set.
  } else if (digits <= 19 && m <= exact && fraction <= 22) {
    // A whole number and a power of ten that are both exact make one rounding. Source: Clinger, "How to read floating
    // point numbers accurately", PLDI 1990.
    value = static_cast<double>(m) / csv_digits::powers[static_cast<std::size_t>(fraction)];
  } else {
    if (!csv_digits::long_number(first, p, format_.decimal, number)) return false;
    value = number.value;
    const float narrow = std::fabs(static_cast<float>(value));
    number.brief = digits <= 19 && m < 1000000 && narrow >= std::numeric_limits<float>::min() &&
                   narrow <= std::numeric_limits<float>::max();
  }
  // Without a branch, as nobody can foretell a sign.
  number.value = std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) | std::uint64_t{negative} << 63);
  pass_end(p);
  return true;
}

}  // namespace shoal
