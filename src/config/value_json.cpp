#include "shoal/config/value_json.hpp"

#include <optional>

#include "config/toml.hpp"

namespace shoal {
namespace {

Json json_of_node(const toml::node& node) {
  if (const toml::table* table = node.as_table()) {
    Json object = Json::object();
    for (const auto& [key, value] : *table) object.set(key.str(), json_of_node(value));
    return object;
  }
  if (const toml::array* list = node.as_array()) {
    Json array = Json::array();
    for (const toml::node& item : *list) array.push(json_of_node(item));
    return array;
  }
  if (const auto whole = node.value_exact<std::int64_t>()) return *whole;
  if (const auto flag = node.value_exact<bool>()) return *flag;
  if (const auto number = node.value_exact<double>()) return *number;
  return node.value_or(std::string());
}

}  // namespace

Json json_of_value(const std::string& toml) {
  const toml::table parsed = toml::parse("value = " + toml);
  return json_of_node(*parsed.get("value"));
}

}  // namespace shoal
