#include "date.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>

#include "cursor.hpp"

namespace shoal {
namespace {

using csv_digits::is_digit;

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
      if (!is_digit(c)) return false;
      number = number * 10 + (c - '0');
    }
    text_.remove_prefix(digits);
    return number <= most;
  }
  /// One digit or two.
  bool take_up_to_two(int& number) {
    const std::size_t digits = text_.size() > 1 && is_digit(text_[1]) ? 2 : 1;
    return take_number(digits, 99, number);
  }
  bool take_fraction(double& fraction) {
    std::size_t digits = 0;
    while (digits < text_.size() && is_digit(text_[digits])) ++digits;
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

struct Day {
  int year = 0;
  int month = 0;
  int day = 0;

  bool exists() const { return year > 0 && month > 0 && day > 0 && day <= days_in(year, month); }
};

/// 2018-01-28
bool take_year_first(TextLeft& rest, Day& day) {
  if (!rest.take_number(4, 9999, day.year)) return false;
  const char between = rest.front();
  return (between == '-' || between == '/') && rest.take(between) && rest.take_number(2, 12, day.month) &&
         rest.take(between) && rest.take_number(2, 31, day.day);
}

/// 28.01.2018, whose points say that the day comes first; with other marks `order` says it.
bool take_year_last(TextLeft& rest, DateOrder order, Day& day) {
  int first = 0;
  int second = 0;
  if (!rest.take_up_to_two(first)) return false;
  const char between = rest.front();
  const bool known = between == '.' || (order != DateOrder::none && (between == '/' || between == '-'));
  if (!known || !rest.take(between) || !rest.take_up_to_two(second) || !rest.take(between) ||
      !rest.take_number(4, 9999, day.year))
    return false;
  const bool month_first = between != '.' && order == DateOrder::month_first;
  day.month = month_first ? first : second;
  day.day = month_first ? second : first;
  return day.month <= 12;
}

/// AM or PM behind hours of 1 to 12, which become those of the day; without it they are.
bool take_half_of_day(TextLeft& rest, int& hour) {
  rest.take(' ');
  const bool evening = rest.take('P') || rest.take('p');
  if (!evening && !rest.take('A') && !rest.take('a')) return true;
  if ((!rest.take('M') && !rest.take('m')) || hour == 0 || hour > 12) return false;
  hour = hour % 12 + (evening ? 12 : 0);
  return true;
}

/// @param exact  hours have two digits, and are those of a day
bool take_clock(TextLeft& rest, bool exact, double& seconds) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  double fraction = 0.0;
  if (!(exact ? rest.take_number(2, 23, hour) : rest.take_up_to_two(hour) && hour <= 23) || !rest.take(':') ||
      !rest.take_number(2, 59, minute))
    return false;
  if (rest.take(':') && !rest.take_number(2, 60, second)) return false;  // 60: a leap second
  if (rest.take('.') && !rest.take_fraction(fraction)) return false;
  if (!exact && !take_half_of_day(rest, hour)) return false;
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

std::optional<double> parse_date(std::string_view text, DateOrder order) {
  constexpr std::size_t shortest = 8;  // 1.1.2018
  if (text.size() < shortest || !is_digit(text[0])) return std::nullopt;
  const bool year_first = is_digit(text[1]) && is_digit(text[2]);
  TextLeft rest(text);
  Day day;
  if (!(year_first ? take_year_first(rest, day) : take_year_last(rest, order, day)) || !day.exists())
    return std::nullopt;
  double seconds = 0.0;
  if (rest.take('T') || rest.take(' ')) {
    if (!take_clock(rest, year_first, seconds)) return std::nullopt;
    rest.take(' ');
    if (!take_zone(rest, seconds)) return std::nullopt;
  }
  if (!rest.empty()) return std::nullopt;
  return static_cast<double>(days_since_1970(day.year, day.month, day.day)) * 86400.0 + seconds;
}

}  // namespace shoal
