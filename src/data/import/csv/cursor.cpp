#include "cursor.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "data/import/csv_reader.hpp"

namespace shoal {

bool csv_digits::long_number(const char* first, const char* last, char decimal, double& value) {
  std::string_view text(first, static_cast<std::size_t>(last - first));
  std::string pointed;
  if (decimal != '.') {
    pointed = text;
    std::replace(pointed.begin(), pointed.end(), decimal, '.');
    text = pointed;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc()) return true;
  const auto parsed = parse_number(text);  // nearer to 0 than any double, or beyond all
  value = parsed.value_or(0.0);
  return parsed.has_value();
}

bool CsvCursor::skip_blank_line() {
  const char* p = at_;
  while (*p == ' ' || *p == '\t') ++p;
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
