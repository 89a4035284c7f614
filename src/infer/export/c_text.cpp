#include "infer/export/c_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

template <class T>
std::string array(std::string_view type, std::string_view suffix, std::string_view name, std::span<const T> values,
                  const std::string& what) {
  constexpr std::size_t in_a_line = 8;
  std::string text = fmt::format("static const {} {}[{}] = {{", type, name, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += i % in_a_line == 0 ? "\n  " : " ";
    text += c_number(static_cast<double>(values[i]), what);
    text += suffix;
    if (i + 1 < values.size()) text += ',';
  }
  return text + "\n};\n";
}

}  // namespace

std::string c_number(double value, const std::string& what) {
  if (!std::isfinite(value))
    throw Error(ExitStatus::bad_data, fmt::format("{} holds {}; export an earlier checkpoint", what, value));
  const bool short_text = value == std::floor(value) && value < 1e6 && (value >= 0.0);  // -0.0 as well
  return short_text ? fmt::format("{:.1f}", value) : fmt::format("{:a}", value);
}

std::string c_array(std::string_view name, std::span<const float> values, const std::string& what) {
  return array("float", "f", name, values, what);
}
std::string c_array(std::string_view name, std::span<const double> values, const std::string& what) {
  return array("double", "", name, values, what);
}

std::string c_string(std::string_view text) {
  constexpr std::size_t longest = 4095;  // C99, 5.2.4.1
  if (text.size() > longest || text.find('\0') != std::string_view::npos)
    throw Error(ExitStatus::bad_data,
                fmt::format("the name \"{:.40}\" has {} bytes{}: C sources have names of at most {} bytes without it; "
                            "export ONNX",
                            text.substr(0, text.find('\0')), text.size(),
                            text.size() > longest ? "" : ", a byte 0 among them", longest));
  std::string literal = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\' || c == '?')  // ?? may begin a trigraph
      literal += {'\\', c};
    else if (byte < 0x20 || byte >= 0x7f)
      literal += fmt::format("\\{:03o}", byte);
    else
      literal += c;
  }
  return literal + '"';
}

std::string c_comment(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    const bool ends = c == '/' && safe.ends_with('*');
    const bool begins = c == '*' && safe.ends_with('/');  // which compilers warn of
    safe += static_cast<unsigned char>(c) < 0x20 || ends || begins ? ' ' : c;
  }
  return safe;
}

}  // namespace shoal
