#include "date.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

namespace shoal {
namespace {

/// What is left of a text.
class TextLeft {
 public:
  explicit TextLeft(std::string_view text) : text_(text) {}

  bool empty() const { return text_.empty(); }
  char front() const { return text_.empty() ? '\0' : text_.front(); }
  bool take(char c) {
    if (front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  /// Exactly so many digits, at most `most`.
  bool take_number(std::size_t digits, int most, int& number) {
    if (text_.size() < digits) return false;
    number = 0;
    for (const char c : text_.substr(0, digits)) {
      if (c < '0' || c > '9') return false;
      number = number * 10 + (c - '0');
    }
    text_.remove_prefix(digits);
    return number <= most;
  }
  bool take_fraction(double& fraction) {
    std::size_t digits = 0;
    while (digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9') ++digits;
    if (digits == 0) return false;
    std::array<char, 32> text{'0', '.'};
    const std::size_t kept = text_.copy(text.data() + 2, std::min(digits, text.size() - 2));
    std::from_chars(text.data(), text.data() + 2 + kept, fraction);
    text_.remove_prefix(digits);
    return true;
  }

 private:
  std::string_view text_;
};

int days_in(int year, int month) {
  constexpr std::array days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[static_cast<std::size_t>(month - 1)];
}

std::int64_t days_since_1970(int year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = y / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

bool take_clock(TextLeft& rest, double& seconds) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  double fraction = 0.0;
  if (!rest.take_number(2, 23, hour) || !rest.take(':') || !rest.take_number(2, 59, minute)) return false;
  if (rest.take(':') && !rest.take_number(2, 60, second)) return false;  // 60: a leap second
  if (rest.take('.') && !rest.take_fraction(fraction)) return false;
  seconds = hour * 3600 + minute * 60 + second + fraction;
  return true;
}

bool take_zone(TextLeft& rest, double& seconds) {
  if (rest.empty() || rest.take('Z')) return true;
  const char sign = rest.front();
  int hour = 0;
  int minute = 0;
  if ((!rest.take('+') && !rest.take('-')) || !rest.take_number(2, 18, hour)) return false;
  rest.take(':');
  if (!rest.empty() && !rest.take_number(2, 59, minute)) return false;
  seconds -= (sign == '-' ? -60.0 : 60.0) * (hour * 60 + minute);
  return true;
}

}  // namespace

std::optional<double> parse_date(std::string_view text) {
  constexpr std::size_t shortest = 10;
  if (text.size() < shortest || (text[4] != '-' && text[4] != '/') || text[7] != text[4]) return std::nullopt;
  TextLeft rest(text);
  int year = 0;
  int month = 0;
  int day = 0;
  if (!rest.take_number(4, 9999, year) || !rest.take(text[4]) || !rest.take_number(2, 12, month) ||
      !rest.take(text[4]) || !rest.take_number(2, 31, day))
    return std::nullopt;
  if (year == 0 || month == 0 || day == 0 || day > days_in(year, month)) return std::nullopt;
  double seconds = 0.0;
  if (rest.take('T') || rest.take(' ')) {
    if (!take_clock(rest, seconds)) return std::nullopt;
    rest.take(' ');
    if (!take_zone(rest, seconds)) return std::nullopt;
  }
  if (!rest.empty()) return std::nullopt;
  return static_cast<double>(days_since_1970(year, month, day)) * 86400.0 + seconds;
}

}  // namespace shoal
