#include "config/convert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "config/words.hpp"
#include "shoal/config/text.hpp"

namespace shoal::config_convert {
namespace {

bool convert(const toml::node& node, bool& to) {
  const auto v = node.value_exact<bool>();
  if (v) to = *v;
  return v.has_value();
}
bool convert(const toml::node& node, std::int64_t& to) {
  const auto v = node.value_exact<std::int64_t>();
  if (v) to = *v;
  return v.has_value();
}
bool convert(const toml::node& node, double& to) {
  if (!node.is_number()) return false;
  to = node.value<double>().value_or(0.0);
  if (const auto v = node.value_exact<std::int64_t>()) to = static_cast<double>(*v);
  return true;
}
bool convert(const toml::node& node, std::string& to) {
  const auto v = node.value_exact<std::string>();
  if (v) to = *v;
  return v.has_value();
}
bool convert(const toml::node& node, std::uint64_t& to) {
  std::int64_t v = 0;
  if (!convert(node, v)) return false;
  to = static_cast<std::uint64_t>(v);  // a negative one is out of range for the check that follows
  return true;
}
bool convert(const toml::node& node, std::vector<std::int64_t>& to) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return false;
  to.assign(array->size(), 0);
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (!convert(*array->get(i), to[i])) return false;
  }
  return true;
}
bool convert(const toml::node& node, Setting& to) {
  if (const auto v = node.value_exact<bool>()) return to = *v, true;
  if (const auto v = node.value_exact<std::int64_t>()) return to = *v, true;
  if (const auto v = node.value_exact<double>()) return to = *v, true;
  if (const auto v = node.value_exact<std::string>()) return to = *v, true;
  return false;
}
bool convert(const toml::node& node, std::vector<LayerSpec>& to) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return false;
  to.clear();
  for (const toml::node& element : *array) {
    const toml::table* table = element.as_table();
    if (table == nullptr || !table->contains("type") || !table->get("type")->is_string()) return false;
    LayerSpec& layer = to.emplace_back();
    for (const auto& [key, child] : *table) {
      const std::string name(key.str());
      if (name == "type" ? !convert(child, layer.type) : !convert(child, layer.settings[name])) return false;
    }
  }
  return true;
}
bool convert(const toml::node& node, Validation& to) {
  std::string split;
  double fraction = 0;
  if (convert(node, fraction)) return to = fraction, true;
  if (!convert(node, split)) return false;
  if (split == "auto") {
    to = std::monostate{};
  } else {
    to = split;
  }
  return true;
}
bool convert(const toml::node& node, std::vector<double>& to) {
  to.assign(1, 0.0);
  if (convert(node, to[0])) return true;  // one number
  const toml::array* array = node.as_array();
  if (array == nullptr || array->empty()) return false;
  to.assign(array->size(), 0.0);
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (!convert(*array->get(i), to[i])) return false;
  }
  return true;
}
bool convert(const toml::node& node, LossSettings& to) {
  to = {};
  const toml::table* table = node.as_table();
  if (table == nullptr) return convert(node, to.name);
  for (const auto& [key, child] : *table) {
    const bool read = key == "name"              ? convert(child, to.name)
                      : key == "delta"           ? convert(child, to.delta)
                      : key == "levels"          ? convert(child, to.levels)
                      : key == "label_smoothing" ? convert(child, to.label_smoothing)
                                                 : key == "pos_weight" && convert(child, to.pos_weight);
    if (!read) return false;
  }
  return true;
}
bool convert(const toml::node& node, ClassWeights& to) {
  to = {};
  if (const auto word = node.value_exact<std::string>()) {
    to.balanced = *word == "balanced";
    return to.balanced || *word == "none";
  }
  const toml::table* table = node.as_table();
  if (table == nullptr) return false;
  return std::all_of(table->begin(), table->end(),
                     [&](const auto& pair) { return convert(pair.second, to.of[std::string(pair.first.str())]); });
}
template <class Word>
requires std::is_enum_v<Word>
bool convert(const toml::node& node, Word& to) {
  const auto word = node.value_exact<std::string>();
  return word && config_words::read(*word, to);
}
bool convert(const toml::node&, std::vector<Dimension>&) { return false; }  // space.hpp reads it

}  // namespace

bool convert(const toml::node& node, const config_keys::Reference& to) {
  return std::visit([&](auto* member) { return convert(node, *member); }, to);
}

std::string seen(const toml::node& node) {
  if (const auto v = node.value_exact<std::string>()) return fmt::format("the string {}", config_text::quote(*v));
  if (const auto v = node.value_exact<std::int64_t>()) return fmt::format("the whole number {}", *v);
  if (const auto v = node.value_exact<double>()) return fmt::format("the real number {}", config_text::value(*v));
  if (const auto v = node.value_exact<bool>()) return *v ? "true" : "false";
  if (node.is_array()) return "a list";
  return node.is_table() ? "a table" : "a date or time";
}

}  // namespace shoal::config_convert
