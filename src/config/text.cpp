#include "shoal/config/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/words.hpp"

namespace shoal::config_text {

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string key(std::string_view name) {
  const bool bare = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? std::string(name) : quote(name);
}

std::string value(bool v) { return v ? "true" : "false"; }
std::string value(std::int64_t v) { return fmt::format("{}", v); }
std::string value(std::uint64_t v) { return fmt::format("{}", v); }

std::string value(double v) {
  std::string text = fmt::format("{}", v);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string value(const std::string& v) { return quote(v); }
std::string value(const std::vector<std::int64_t>& v) { return fmt::format("[{}]", fmt::join(v, ", ")); }

std::string value(const std::vector<double>& v) {
  std::vector<std::string> numbers;
  numbers.reserve(v.size());
  for (const double number : v) numbers.push_back(value(number));
  return fmt::format("[{}]", fmt::join(numbers, ", "));
}

std::string value(const std::vector<std::string>& v) {
  if (v.size() == 1) return quote(v[0]);
  std::vector<std::string> words;
  words.reserve(v.size());
  for (const std::string& word : v) words.push_back(quote(word));
  return fmt::format("[{}]", fmt::join(words, ", "));
}

std::string layer_head(const LayerSpec& layer) {
  std::string text = "type = " + quote(layer.type);
  if (!layer.name.empty()) text += ", name = " + quote(layer.name);
  for (const auto& [name, setting] : layer.settings)
    text += ", " + key(name) + " = " + std::visit([](const auto& s) { return value(s); }, setting);
  return text;
}

namespace {

/// A list of layers over several lines: its own begin with `indent` and two blanks more, its end with `indent`.
std::string layer_list(const std::vector<LayerSpec>& layers, const std::string& indent) {
  if (layers.empty()) return "[]";
  const std::string inside = indent + "  ";
  std::string text = "[\n";
  for (const LayerSpec& layer : layers) {
    text += inside + '{' + layer_head(layer);
    if (!layer.layers.empty()) text += ", layers = " + layer_list(layer.layers, inside);
    if (!layer.shortcut.empty()) text += ", shortcut = " + layer_list(layer.shortcut, inside);
    if (!layer.branches.empty()) {
      text += ", branches = [\n";
      for (const auto& branch : layer.branches) text += inside + "  " + layer_list(branch, inside + "  ") + ",\n";
      text += inside + ']';
    }
    text += "},\n";
  }
  return text + indent + ']';
}

}  // namespace

std::string value(const std::vector<LayerSpec>& v) { return layer_list(v, ""); }

std::string value(const Validation& v) {
  if (const auto* fraction = std::get_if<double>(&v)) return value(*fraction);
  if (const auto* split = std::get_if<std::string>(&v)) return quote(*split);
  return quote("auto");
}

std::string value(const LossSettings& v) {
  const LossSettings usual;
  std::string more;
  if (v.delta != usual.delta) more += ", delta = " + value(v.delta);
  if (!v.levels.empty()) more += ", levels = " + value(v.levels);
  if (v.label_smoothing != usual.label_smoothing) more += ", label_smoothing = " + value(v.label_smoothing);
  if (!v.pos_weight.empty()) more += ", pos_weight = " + value(v.pos_weight);
  return more.empty() ? quote(v.name) : fmt::format("{{name = {}{}}}", quote(v.name), more);
}

std::string value(const ClassWeights& v) {
  if (!v.any()) return quote("none");
  if (v.balanced) return quote("balanced");
  std::vector<std::string> pairs;
  for (const auto& [name, weight] : v.of) pairs.push_back(quote(name) + " = " + value(weight));
  return fmt::format("{{{}}}", fmt::join(pairs, ", "));
}

std::string value(Search v) { return quote(config_words::text(v)); }
std::string value(Metric v) { return quote(config_words::text(v)); }
std::string value(const Fold& v) { return quote(v.any() ? fmt::format("{}/{}", v.number, v.of) : "none"); }
std::string value(FinalFit v) { return v == FinalFit::automatic ? quote("auto") : value(v == FinalFit::yes); }

std::string value(const std::vector<Dimension>& v) {
  std::string text;
  for (const Dimension& d : v) {
    const auto end = [&](double number) {
      return d.integer ? value(static_cast<std::int64_t>(number)) : value(number);
    };
    text += quote(d.key) + " = {";
    if (d.scale == Scale::choices) {
      text += fmt::format("choices = [{}]", fmt::join(d.choices, ", "));
    } else {
      text += fmt::format("scale = \"{}\", min = {}, max = {}", config_words::text(d.scale), end(d.min), end(d.max));
      if (d.integer) text += ", integer = true";
    }
    text += "}\n";
  }
  return text;
}

}  // namespace shoal::config_text
