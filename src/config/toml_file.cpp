#include "shoal/config/toml_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "config/toml.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

Json json_of(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    Json object = Json::object();
    for (const auto& [key, child] : *table) object.set(key.str(), json_of(child));
    return object;
  }
  if (const auto* list = node.as_array()) {
    Json array = Json::array();
    for (const toml::node& item : *list) array.push(json_of(item));
    return array;
  }
  if (const auto text = node.value_exact<std::string>()) return *text;
  if (const auto number = node.value_exact<std::int64_t>()) return *number;
  if (const auto number = node.value_exact<double>()) return *number;
  if (const auto flag = node.value_exact<bool>()) return *flag;
  std::ostringstream text;
  node.visit([&](const auto& value) {
    if constexpr (toml::is_value<decltype(value)>) text << value.get();
  });
  return text.str();
}

}  // namespace

Json read_toml(const std::string& path) {
  static_cast<void>(RandomAccessFile(path));  // says of one that may not be read that there is no input
  try {
    return json_of(toml::parse(read_text(path), path));
  } catch (const toml::parse_error& error) {
    std::string what(error.description());
    std::replace(what.begin(), what.end(), '\n', ' ');
    throw Error(ExitStatus::usage, fmt::format("{}:{}:{}: not valid TOML: {}", path, error.source().begin.line,
                                               error.source().begin.column, what));
  }
}

}  // namespace shoal
