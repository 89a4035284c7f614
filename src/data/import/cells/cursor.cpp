#include "cursor.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

#include "data/import/csv_reader.hpp"

namespace shoal {

namespace {

/// Whether `text` writes a whole number, and `value` is another one.
bool is_merged(std::string_view text, double value) {
  if (std::fabs(value) < 0x1p53 || text.find_first_of("eE") != std::string_view::npos) return false;
  std::string_view whole = text.substr(0, text.find('.'));
  if (whole.size() < text.size() && text.find_first_not_of('0', whole.size() + 1) != std::string_view::npos)
    return false;
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
  std::array<char, 320> exact;  // of the greatest double
  const auto end = std::to_chars(exact.data(), exact.data() + exact.size(), value, std::chars_format::fixed, 0);
  return whole != std::string_view(exact.data(), static_cast<std::size_t>(end.ptr - exact.data()));
}

}  // namespace

bool csv_digits::long_number(const char* first, const char* last, char decimal, CsvNumber& number) {
  std::string_view text(first, static_cast<std::size_t>(last - first));
  std::string pointed;
  if (decimal != '.') {
    pointed = text;
    std::replace(pointed.begin(), pointed.end(), decimal, '.');
    text = pointed;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.value);
  if (error == std::errc()) {
    number.merged = is_merged(text, number.value);
    return true;
  }
  const auto parsed = parse_number(text);  // nearer to 0 than any double, or beyond all
  number.value = parsed.value_or(0.0);
  number.merged = false;
  return parsed.has_value();
}

bool CsvCursor::skip_blank_line() {
  const char* p = at_;
  while (*p == ' ' || (*p == '\t' && format_.delimiter != '\t')) ++p;  // tabs between cells make a row of empty ones
  if (*p == '\r' && p[1] == row_end_) ++p;
  if (p >= end_ || *p != row_end_) return false;
  at_ = p + 1;
  skip_spaces();
  return true;
}

std::string_view CsvCursor::cell() {
  if (*at_ == '"') return quoted();
  const char* p = at_;
  while (!ends_cell(p)) ++p;
  const std::string_view text(at_, static_cast<std::size_t>(p - at_));
  pass_end(p);
  return trimmed(text);
}

std::string_view CsvCursor::quoted() {
  const char* const open = at_;
  std::string* unescaped = nullptr;
  const char* first = open + 1;
  std::string_view text;
  for (const char* p = first;;) {
    const char* const quote = static_cast<const char*>(std::memchr(p, '"', static_cast<std::size_t>(end_ - p)));
    if (quote == nullptr)
      throw CsvFault{static_cast<std::size_t>(open - begin_), "a quote is opened and never closed; close it"};
    if (quote[1] == '"') {
      if (unescaped == nullptr) unescaped = &unescaped_.emplace_back();
      unescaped->append(first, quote + 1);
      first = p = quote + 2;
      continue;
    }
    if (unescaped == nullptr) {
      text = {first, static_cast<std::size_t>(quote - first)};
    } else {
      text = unescaped->append(first, quote);
    }
    p = quote + 1;
    if (format_.delimiter != ' ') {
      while (*p == ' ') ++p;
    }
    if (!ends_cell(p))
      throw CsvFault{static_cast<std::size_t>(p - begin_),
                     "text follows a closing quote; double the quotes inside a cell"};
    pass_end(p);
    return trimmed(text);
  }
}

}  // namespace shoal
