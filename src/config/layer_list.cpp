#include "config/layer_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/convert.hpp"
#include "shoal/config/text.hpp"
#include "shoal/nn/layer_place.hpp"

namespace shoal::config_convert {
namespace {

constexpr const char* like_a_layer = "use a table like {type = \"dense\", units = 256}";

using Fault = std::optional<LayerFault>;

Fault fault(const toml::node& node, const std::string& place, const std::string& remedy) {
  return LayerFault{&node, fmt::format("{} is {}; {}", place, seen(node), remedy)};
}

/// Two whole numbers, for sides that differ: [3, 5] is kept as "3x5".
bool read_sides(const toml::node& node, Setting& to) {
  const toml::array* sides = node.as_array();
  if (sides == nullptr || sides->size() != 2) return false;
  const auto height = sides->get(0)->value_exact<std::int64_t>();
  const auto width = sides->get(1)->value_exact<std::int64_t>();
  if (!height || !width) return false;
  to = fmt::format("{}x{}", *height, *width);
  return true;
}

bool read_setting(const toml::node& node, Setting& to) {
  if (const auto v = node.value_exact<bool>()) return to = *v, true;
  if (const auto v = node.value_exact<std::int64_t>()) return to = *v, true;
  if (const auto v = node.value_exact<double>()) return to = *v, true;
  if (const auto v = node.value_exact<std::string>()) return to = *v, true;
  return read_sides(node, to);
}

Fault read_branches(const toml::node& node, const std::string& place, std::vector<std::vector<LayerSpec>>& to) {
  const toml::array* lists = node.as_array();
  if (lists == nullptr)
    return fault(node, place, "use a list of lists of layers like [[{type = \"dense\", units = 8}], []]");
  for (std::size_t i = 0; i < lists->size(); ++i) {
    if (Fault found = read_layers(*lists->get(i), fmt::format("{}[{}]", place, i), to.emplace_back())) return found;
  }
  return {};
}

Fault read_member(const std::string& name, const toml::node& node, const std::string& place, LayerSpec& to) {
  if (name == "type" || name == "name") {
    std::string& text = name == "type" ? to.type : to.name;
    if (!node.is_string()) return fault(node, place, "use a text");
    text = *node.value_exact<std::string>();
    if (!text.empty()) return {};
    return LayerFault{
        &node, fmt::format("{} is empty; {}", place, name == "type" ? like_a_layer : "use a text, or leave it out")};
  }
  if (name == "layers") return read_layers(node, place, to.layers);
  if (name == "branches") return read_branches(node, place, to.branches);
  if (name == "shortcut" && node.is_array()) {
    if (node.as_array()->empty())
      return LayerFault{&node, place + " is an empty list; use \"identity\" for the input itself"};
    return read_layers(node, place, to.shortcut);
  }
  if (read_setting(node, to.settings[name])) return {};
  return fault(node, place, "use a finite number, true, false, a text, or two whole numbers such as [3, 5]");
}

Fault read_layer(const toml::node& node, const std::string& place, LayerSpec& to) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return fault(node, place, like_a_layer);
  if (!table->contains("type")) return LayerFault{&node, fmt::format("{} has no type; {}", place, like_a_layer)};
  for (const auto& [key, child] : *table) {
    const std::string name(key.str());
    if (Fault found = read_member(name, child, fmt::format("{}.{}", place, config_text::key(name)), to)) return found;
  }
  return {};
}

}  // namespace

Fault read_layers(const toml::node& node, const std::string& place, std::vector<LayerSpec>& to) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return fault(node, place, "use a list of tables like {type = \"dense\", units = 256}");
  to.clear();
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (Fault found = read_layer(*array->get(i), fmt::format("{}[{}]", place, i), to.emplace_back())) return found;
  }
  return {};
}

}  // namespace shoal::config_convert
