#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "shoal/config/keys.hpp"
#include "shoal/config/model_layers.hpp"
#include "shoal/config/text.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/leaf_tree.hpp"
#include "shoal/core/meant_word.hpp"
#include "shoal/core/utf8.hpp"
#include "shoal/nn/layer_place.hpp"

namespace shoal::config_keys {
namespace {

/// "number of 1 or more", "number above 0 and below 1".
std::string range_words(const std::string& noun, const Allowed& allowed) {
  const bool below = std::isfinite(allowed.least);
  const bool above = std::isfinite(allowed.most);
  std::string text = noun;
  if (allowed.least_above_0 > 0.0) {
    return fmt::format("0, or {} {} {}{}", noun, above ? "from" : "of", allowed.least_above_0,
                       above ? fmt::format(" to {}", allowed.most) : " or more");
  }
  if (below && above && allowed.least_itself && allowed.most_itself) {
    return fmt::format("{} from {} to {}", noun, allowed.least, allowed.most);
  }
  if (below && allowed.least_itself)
    text += above ? fmt::format(" from {}", allowed.least) : fmt::format(" of {} or more", allowed.least);
  if (below && !allowed.least_itself) text += fmt::format(" above {}", allowed.least);
  if (above) text += fmt::format("{} {}", allowed.most_itself ? " up to" : " to below", allowed.most);
  return text;
}

bool in_range(const Allowed& allowed, double v) {
  if (!std::isfinite(v) || (v > 0.0 && v < allowed.least_above_0)) return false;
  const bool high = allowed.least_itself ? v >= allowed.least : v > allowed.least;
  const bool low = allowed.most_itself ? v <= allowed.most : v < allowed.most;
  return high && low;
}

bool is_allowed(const Allowed&, bool) { return true; }
bool is_allowed(const Allowed& allowed, std::int64_t v) { return in_range(allowed, static_cast<double>(v)); }
bool is_allowed(const Allowed&, std::uint64_t v) { return std::in_range<std::int64_t>(v); }  // TOML has no larger
bool is_allowed(const Allowed& allowed, double v) { return in_range(allowed, v); }
bool is_allowed(const Allowed& allowed, const std::string& v) {
  if (!is_utf8(v)) return false;  // by a program: the config could not be read again
  if (!allowed.words) return true;
  const std::vector<std::string> words = allowed.words();
  return std::find(words.begin(), words.end(), v) != words.end();
}
bool is_allowed(const Allowed& allowed, const std::vector<std::int64_t>& v) {
  return std::all_of(v.begin(), v.end(), [&](std::int64_t n) { return is_allowed(allowed, n); });
}
/// Of names, each once.
bool is_allowed(const Allowed&, const std::vector<std::string>& v) {
  std::set<std::string> different;
  return !v.empty() && std::all_of(v.begin(), v.end(), [&](const std::string& name) {
    return !name.empty() && is_utf8(name) && different.insert(name).second;
  });
}
/// What no text of a config says; the rest is for those who build the layers.
std::string fault_of(const std::vector<LayerSpec>& layers) {
  std::string fault;
  for_each_layer(layers, [&](const LayerPlace& place) {
    const LayerSpec& layer = place.layer();
    if (layer.type.empty()) fault = place.text() + " has no type";
    if (!layer.shortcut.empty() && layer.settings.contains("shortcut"))
      fault = place.text() + ".shortcut is a setting and a list; use the one or the other";
    for (const auto& [name, setting] : layer.settings) {
      const auto* number = std::get_if<double>(&setting);
      const auto* word = std::get_if<std::string>(&setting);
      const std::string its = fmt::format("{}.{}", place.text(), config_text::key(name));
      if (number != nullptr && !std::isfinite(*number)) fault = its + " is no finite number";
      if (word != nullptr && !is_utf8(*word)) fault = its + " is not UTF-8";
      if (name == "type" || name == "name" || name == "layers" || name == "branches")
        fault = its + " is a setting, and must be a member of the layer";
    }
  });
  return fault;
}
bool is_allowed(const Allowed&, const std::vector<LayerSpec>& v) { return fault_of(v).empty(); }
bool is_allowed(const Allowed& allowed, const Validation& v) {
  if (const auto* fraction = std::get_if<double>(&v)) return in_range(allowed, *fraction);
  const auto* split = std::get_if<std::string>(&v);
  return split == nullptr ||
         (!split->empty() && *split != "auto" && is_utf8(*split));  // "auto" reads back as no choice
}
bool is_allowed(const Allowed& allowed, const LossSettings& v) {
  return is_allowed(allowed, v.name) && fault_of(v).empty();
}
bool is_allowed(const Allowed&, const Fold& v) { return !v.any() || (v.of > 1 && v.number > 0 && v.number <= v.of); }
bool is_allowed(const Allowed&, FinalFit) { return true; }
bool is_allowed(const Allowed&, const ClassWeights& v) {
  return std::all_of(v.of.begin(), v.of.end(), [](const auto& pair) {
    // What is less or more would be lost in a gradient, which is made of floats; see the weights of rows.
    return is_utf8(pair.first) && (pair.second == 0.0 || (pair.second >= 1e-15 && pair.second <= 1e15));
  });
}
bool is_allowed(const Allowed&, Search) { return true; }
bool is_allowed(const Allowed&, Metric) { return true; }
bool is_allowed(const Allowed&, const std::vector<Dimension>&) { return true; }

std::string type_words(const Allowed&, const bool*) { return "true or false"; }
std::string type_words(const Allowed& allowed, const std::int64_t*) { return range_words("a whole number", allowed); }
std::string type_words(const Allowed& allowed, const std::uint64_t*) { return range_words("a whole number", allowed); }
std::string type_words(const Allowed& allowed, const double*) { return range_words("a number", allowed); }
std::string type_words(const Allowed& allowed, const std::string*) {
  return allowed.words ? fmt::format("one of \"{}\"", fmt::join(allowed.words(), "\", \"")) : "a string";
}
std::string type_words(const Allowed& allowed, const std::vector<std::int64_t>*) {
  return "a list like [256, 128], each " + range_words("a whole number", allowed);
}
std::string type_words(const Allowed&, const std::vector<std::string>*) {
  return "the name of a split, or a list of different ones like [\"train\", \"validation\"]";
}
std::string type_words(const Allowed&, const std::vector<LayerSpec>*) {
  return "a list of tables like {type = \"dense\", units = 256}, with finite numbers, true, false or strings";
}
std::string type_words(const Allowed& allowed, const Validation*) {
  return "\"auto\", " + range_words("a number", allowed) + ", or the name of a split";
}
std::string type_words(const Allowed& allowed, const LossSettings*) {
  return fmt::format(
      "one of \"{}\", or a table like {{name = \"huber\", delta = 1.0}}, of delta (huber), levels "
      "(quantile), label_smoothing (softmax), pos_weight (sigmoid)",
      fmt::join(allowed.words(), "\", \""));
}
std::string type_words(const Allowed&, const ClassWeights*) {
  return "\"none\", \"balanced\", or a table of classes with numbers, 0 or from 1e-15 to 1e15, like {yes = 5.0, no = "
         "1.0}";
}
std::string one_of(const Allowed& allowed) {
  return fmt::format("one of \"{}\"", fmt::join(allowed.words(), "\", \""));
}
std::string type_words(const Allowed& allowed, const Search*) { return one_of(allowed); }
std::string type_words(const Allowed& allowed, const Metric*) { return one_of(allowed); }
std::string type_words(const Allowed&, const std::vector<Dimension>*) { return "a table"; }
std::string type_words(const Allowed&, const Fold*) { return "\"none\", or which of how many folds, like \"2/5\""; }
std::string type_words(const Allowed&, const FinalFit*) { return "\"auto\", true or false"; }

/// The address of a value that is only read: the table has one function for reading and writing.
Reference address(const Key& key, const Config& config) { return key.reference(const_cast<Config&>(config)); }

bool searches(const Config& config, const std::string& key) {
  const auto& space = config.sweep.space;
  return std::any_of(space.begin(), space.end(), [&](const Dimension& d) { return d.key == key; });
}

}  // namespace

std::string value_text(const Key& key, const Config& config) {
  const auto text = [](const auto* value) { return config_text::value(*value); };
  return std::visit(text, address(key, config));
}

std::string idle(const Key& key, const Config& config) { return key.idle ? key.idle(config) : ""; }

std::string idle_line(const Key& key, const Config& config) {
  const std::string words = idle(key, config);
  if (words.empty()) return "";
  if (key.name == "model.layers" || key.name == "sweep.space") return key.name + ' ' + words;  // values of many lines
  return fmt::format("{} = {} {}", key.name, value_text(key, config), words);
}

std::vector<const Key*> given(const Config& config) {
  static const Config defaults;
  const auto is_said = [&](const Key& key) { return config.places.contains(key.name); };
  const bool resolved = std::all_of(keys().begin(), keys().end(),
                                    [&](const Key& key) { return !is_written(key, config) || is_said(key); });
  std::vector<const Key*> found;
  for (const Key& key : keys()) {
    if (is_said(key) && !(resolved && value_text(key, config) == value_text(key, defaults))) found.push_back(&key);
  }
  return found;
}

std::vector<std::string> idle_lines(const Config& config) {
  std::vector<std::string> lines;
  for (const Key* key : given(config)) {
    const std::string line = idle_line(*key, config);
    if (!line.empty()) lines.push_back(config.place_of(key->name) + line);
  }
  return lines;
}

std::string expected(const Key& key) {
  static const Config any;  // for the type alone
  return std::visit([&](const auto* value) { return type_words(key.allowed, value); }, address(key, any));
}

std::string meant_word(const Key& key, const std::string& word) {
  const std::string meant = key.allowed.words ? did_you_mean(word, key.allowed.words()) : "";
  return meant.empty() ? "" : meant + ' ';
}

std::string violation(const Key& key, const Config& config) {
  const auto reference = address(key, config);
  if (std::visit([&](const auto* value) { return is_allowed(key.allowed, *value); }, reference)) return {};
  const auto* const* word = std::get_if<std::string*>(&reference);
  const auto* const* loss = std::get_if<LossSettings*>(&reference);
  std::string meant = word != nullptr ? meant_word(key, **word) : "";
  if (loss != nullptr && is_allowed(key.allowed, (*loss)->name)) return key.name + ": " + fault_of(**loss);
  const auto* const* layers = std::get_if<std::vector<LayerSpec>*>(&reference);
  if (layers != nullptr) return fault_of(**layers);
  if (loss != nullptr) meant = meant_word(key, (*loss)->name);
  std::string seen = value_text(key, config);
  std::replace(seen.begin(), seen.end(), '\n', ' ');
  return fmt::format("{} is {}; {}use {}", key.name, seen, meant, expected(key));
}

Contradiction contradiction(const Config& config) {
  // The loss of train itself, by data.validation = "train", is what configs could always ask for.
  const std::vector<std::string>& trained = config.data.train;
  const auto* validated = std::get_if<std::string>(&config.data.validation);
  if (validated != nullptr && trained != DataConfig().train && std::ranges::find(trained, *validated) != trained.end())
    return {"data.validation",
            fmt::format("data.validation = {} is trained on as well, by data.train = {}; validate on another split, or "
                        "on a share of the rows, like data.validation = 0.1",
                        config_text::value(*validated), config_text::value(trained))};
  const ModelConfig& model = config.model;
  if (!model.hidden.empty() && (model.depth != 0 || model.width != 0)) {
    return {model.depth != 0 ? "model.depth" : "model.width",
            fmt::format("model.hidden = {} excludes model.depth = {} and model.width = {}; use the one or the others",
                        config_text::value(model.hidden), model.depth, model.width)};
  }
  if (!model.layers.empty() || is_known_network(model)) {
    const std::string other =
        model.layers.empty() ? fmt::format("model.preset = \"{}\"", model.preset) : std::string("model.layers");
    const auto excluded = [&](const std::string& key, const std::string& text, const std::string& remedy) {
      return Contradiction{key, fmt::format("{} = {} excludes {}; {}", key, text, other, remedy)};
    };
    const std::string either = "use the one or the other";
    if (!model.hidden.empty()) return excluded("model.hidden", config_text::value(model.hidden), either);
    if (model.depth != 0) return excluded("model.depth", config_text::value(model.depth), either);
    if (model.width != 0) return excluded("model.width", config_text::value(model.width), either);
    if (model.layers.empty()) return {};
    if (model.preset != "none") return excluded("model.preset", config_text::value(model.preset), either);
    if (model.batch_norm.enabled) {
      return excluded("model.batch_norm.enabled", "true", "add {type = \"batch_norm\"} to the list of layers");
    }
    if (model.dropout != 0) {
      return excluded("model.dropout", config_text::value(model.dropout),
                      "add {type = \"dropout\", ...} to the list of layers");
    }
  }
  if (model.depth != 0 && model.width == 0 && !searches(config, "model.width")) {
    return {"model.depth", fmt::format("model.depth = {} needs model.width, the units of each layer", model.depth)};
  }
  if (model.width != 0 && model.depth == 0 && !searches(config, "model.depth")) {
    return {"model.width", fmt::format("model.width = {} needs model.depth, the number of layers", model.width)};
  }
  return {};
}

namespace {

/// All keys and sections.
std::vector<std::string> all_names() {
  std::vector<std::string> all;
  for (const Key& key : keys()) {
    for (std::size_t dot = key.name.find('.'); dot != std::string::npos; dot = key.name.find('.', dot + 1)) {
      const std::string section = key.name.substr(0, dot);
      if (std::find(all.begin(), all.end(), section) == all.end()) all.push_back(section);
    }
    all.push_back(key.name);
  }
  return all;
}

}  // namespace

std::string namesake(const std::string& unknown) {
  const std::string section = unknown.substr(0, unknown.find('.'));
  std::vector<std::string> found;
  std::vector<std::string> of_section;
  for (const std::string& word : known_as(unknown.substr(unknown.rfind('.') + 1))) {
    for (const std::string& name : all_names()) {
      if (!name.ends_with('.' + word) && (name != word || find(name) == nullptr)) continue;
      found.push_back(name);
      if (name.starts_with(section + '.')) of_section.push_back(name);
    }
  }
  if (!of_section.empty()) found = of_section;
  const std::string nearest = nearest_word(unknown, found);
  return nearest.empty() && !found.empty() ? found.front() : nearest;
}

std::string advice(const std::string& unknown) {
  // A key in the wrong section, or under another name, is more likely than one misspelt into another.
  const std::vector<std::string> all = all_names();
  std::string meant = namesake(unknown);
  if (meant.empty()) meant = nearest_word(unknown, all);
  if (!meant.empty()) return fmt::format("did you mean \"{}\"?", meant);

  const std::string section = unknown.substr(0, unknown.find('.'));
  std::vector<std::string> siblings;
  for (const std::string& name : all) {
    if (unknown != section && name.starts_with(section + '.')) siblings.push_back(name.substr(section.size() + 1));
  }
  if (!siblings.empty()) return fmt::format("[{}] has the keys {}", section, fmt::join(siblings, ", "));
  for (const std::string& name : all) {
    if (name.find('.') == std::string::npos) siblings.push_back(name);
  }
  return fmt::format("a config has {}", fmt::join(siblings, ", "));
}

}  // namespace shoal::config_keys

namespace shoal {

std::int64_t leaves_of(const Config& config) {
  return config.parallel.leaves > 0 ? config.parallel.leaves : default_leaves(config.data.batch_size);
}

std::uint64_t split_seed_of(const Config& config) {
  return config.data.split_seed < 0 ? config.seed : static_cast<std::uint64_t>(config.data.split_seed);
}

void check_config(const Config& config) {
  for (const config_keys::Key& key : config_keys::keys()) {
    const std::string wrong = config_keys::violation(key, config);
    if (!wrong.empty()) throw Error(ExitStatus::usage, wrong);
  }
  const config_keys::Contradiction found = config_keys::contradiction(config);
  if (!found.message.empty()) throw Error(ExitStatus::usage, found.message);
}

}  // namespace shoal
