#include "config/convert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "config/layer_list.hpp"
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
bool convert(const toml::node& node, std::vector<std::string>& to) {
  to.assign(1, "");
  if (convert(node, to[0])) return true;  // one word
  const toml::array* array = node.as_array();
  if (array == nullptr) return false;
  to.assign(array->size(), "");
  for (std::size_t i = 0; i < array->size(); ++i) {
    if (!convert(*array->get(i), to[i])) return false;
  }
  return true;
}
bool convert(const toml::node& node, std::vector<LayerSpec>& to) { return !read_layers(node, "model.layers", to); }
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
bool convert(const toml::node& node, Fold& to) {
  const auto text = node.value_exact<std::string>();
  if (!text) return false;
  to = {};
  if (*text == "none") return true;
  const char* end = text->data() + text->size();
  const auto number = std::from_chars(text->data(), end, to.number);
  if (number.ec != std::errc() || number.ptr == end || *number.ptr != '/') return false;
  const auto of = std::from_chars(number.ptr + 1, end, to.of);
  return of.ec == std::errc() && of.ptr == end && to.of > 1 && to.number > 0 && to.number <= to.of;
}
bool convert(const toml::node& node, FinalFit& to) {
  const auto on = node.value_exact<bool>();
  if (on) to = *on ? FinalFit::yes : FinalFit::no;
  if (on) return true;
  to = FinalFit::automatic;
  return node.value_exact<std::string>() == "auto";
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

namespace {

/// A setting of the loss that convert() does not take, as far as there is such a setting.
std::optional<Mismatch> mismatch_in_loss(const toml::table& loss, const std::string& place) {
  for (const auto& [key, child] : loss) {
    const bool list = key == "levels" || key == "pos_weight";
    if (!list && key != "delta" && key != "label_smoothing") continue;
    double number = 0.0;
    std::vector<double> numbers;
    if (list ? convert(child, numbers) : convert(child, number)) continue;
    const std::string_view wanted = key == "levels" ? "one number or more of above 0 and below 1, like [0.1, 0.5, 0.9]"
                                    : key == "pos_weight" ? "a number above 0, or one for each output, like [1.0, 2.5]"
                                                          : "a number";
    const bool empty = child.is_array() && child.as_array()->empty();
    return Mismatch{
        &child, fmt::format("{}.{} is {}; use {}", place, key.str(), empty ? "an empty list" : seen(child), wanted)};
  }
  return std::nullopt;
}

}  // namespace

Mismatch mismatch(const toml::node& node, const config_keys::Key& key) {
  std::vector<LayerSpec> layers;
  Config any;
  if (std::holds_alternative<std::vector<LayerSpec>*>(key.reference(any))) {
    if (auto fault = read_layers(node, key.name, layers)) return {fault->node, fault->message};
  }
  if (node.is_table() && std::holds_alternative<LossSettings*>(key.reference(any))) {
    if (auto fault = mismatch_in_loss(*node.as_table(), key.name)) return *fault;
  }
  return {&node, fmt::format("{} is {}; {}use {}", key.name, seen(node),
                             config_keys::meant_word(key, node.value_exact<std::string>().value_or("")),
                             config_keys::expected(key))};
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
