#include "csv_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <system_error>

namespace shoal {

std::string_view trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

namespace {

/// Whether a number other than 0 is below 1: by the place of its first digit, moved by its exponent.
bool is_below_one(std::string_view text) {
  const std::size_t exponent = text.find_first_of("eE");
  const std::string_view digits = text.substr(0, exponent);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = digits.find_first_of("123456789");
  if (first == std::string_view::npos) return true;
  // 10^place is the greatest power of 10 in the digits.
  const std::int64_t place =
      static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) - (first < point ? 1 : 0);
  if (exponent == std::string_view::npos) return place < 0;
  std::string_view power = text.substr(exponent + 1);
  if (power.starts_with('+')) power.remove_prefix(1);
  std::int64_t moved = 0;
  const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), moved);
  if (error == std::errc::result_out_of_range) return power.starts_with('-');
  return moved < -place;
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);  // from_chars knows no plus
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Nearer to 0 than any other number, or beyond all.
    if (!is_below_one(text)) return std::nullopt;
    return text.front() == '-' ? -0.0 : 0.0;
  }
  if (error != std::errc()) return std::nullopt;
  return value;
}

}  // namespace shoal
