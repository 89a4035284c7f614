#include "cli/option_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

[[noreturn]] void refuse(const std::string& option, const std::string& text, const char* right) {
  throw Error(ExitStatus::usage, fmt::format("{} is \"{}\"; it must be {}", option, text, right));
}

}  // namespace

void refuse_empty(const std::string& option, const std::string& text) {
  if (text.empty()) refuse(option, text, "a name");
}

template <class T>
T parse_number(const std::string& option, const std::string& text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool right = error == std::errc{} && end == text.data() + text.size();
  if constexpr (std::is_floating_point_v<T>) right = right && std::isfinite(value);
  if (right) return value;
  refuse(option, text,
         std::is_floating_point_v<T> ? "a number"
         : std::is_signed_v<T>       ? "a whole number"
                                     : "a whole number of at least 0");
}

template double parse_number(const std::string&, const std::string&);
template std::int64_t parse_number(const std::string&, const std::string&);
template std::uint64_t parse_number(const std::string&, const std::string&);

namespace {

/// Whole numbers of at least 1; none where the text holds anything else.
std::vector<std::int64_t> extents_of(const std::string& text, char between) {
  std::vector<std::int64_t> extents;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(between, begin), text.size());
    std::int64_t extent = 0;
    const auto [at, error] = std::from_chars(text.data() + begin, text.data() + end, extent);
    if (error != std::errc{} || at != text.data() + end || extent < 1) return {};
    extents.push_back(extent);
    begin = end + 1;
  }
  return extents;
}

}  // namespace

std::vector<std::int64_t> parse_shape(const std::string& option, const std::string& text) {
  std::vector<std::int64_t> shape = extents_of(text, ',');
  if (shape.empty()) refuse(option, text, "whole numbers of at least 1, such as 8,8");
  return shape;
}

CLI::Option* list(CLI::App* app, const std::string& name, std::vector<std::string>& values, const char* type,
                  const std::string& help) {
  return app
      ->add_option_function<std::string>(
          name,
          [&values, name](const std::string& given) {
            values.clear();
            for (std::size_t begin = 0; begin <= given.size();) {
              const std::size_t end = std::min(given.find(',', begin), given.size());
              values.push_back(given.substr(begin, end - begin));
              refuse_empty(name, values.back());
              begin = end + 1;
            }
          },
          help)
      ->type_name(type);
}

void parse_size(const std::string& option, const std::string& text, std::int64_t& width, std::int64_t& height) {
  const std::vector<std::int64_t> shape = extents_of(text, 'x');
  if (shape.size() != 2) refuse(option, text, "width and height, such as 32x32");
  width = shape[0];
  height = shape[1];
}

char parse_delimiter(const std::string& option, const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text == "pipe") return '|';
  if (text == "space" || text == "spaces") return ' ';
  constexpr std::string_view forbidden = "\"\r\n";
  const bool usable = text.size() == 1 && forbidden.find(text[0]) == std::string_view::npos &&
                      static_cast<unsigned char>(text[0]) < 0x80 && text[0] != '\0';
  if (!usable) refuse(option, text, "one character, or one of tab, pipe, space");
  return text[0];
}

char parse_decimal(const std::string& option, const std::string& text) {
  if (text != "." && text != ",") refuse(option, text, ". or ,");
  return text[0];
}

DateOrder parse_date_order(const std::string& option, const std::string& text) {
  const auto order = date_order_named(text);
  if (!order) refuse(option, text, "dmy or mdy");
  return *order;
}

WhichWeights parse_weights(const std::string& option, const std::string& text) {
  if (text != "last" && text != "average") refuse(option, text, "last or average");
  return text == "last" ? WhichWeights::last : WhichWeights::average;
}

bool parse_yes_no(const std::string& option, const std::string& text) {
  if (text != "yes" && text != "no") refuse(option, text, "yes or no");
  return text == "yes";
}

}  // namespace shoal
