#include <algorithm>

#include "shoal/config/config.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/config/model_layers.hpp"
#include "shoal/config/text.hpp"
#include "shoal/core/error.hpp"

namespace shoal {

bool config_keys::is_written(const Key& key, const Config& config) {
  if (key.name.starts_with("sweep.")) return config.sweep != SweepSettings();
  if (key.name == "data.train") return config.data.train != DataConfig().train;
  if (key.name == "data.fold") return config.data.fold.any();
  if (key.name == "data.split_seed") return config.data.split_seed >= 0;
  const ModelConfig& model = config.model;
  const bool by_depth = model.depth != 0 || model.width != 0;
  if (key.name == "model.depth" || key.name == "model.width") return by_depth;
  if (key.name == "model.preset") return model.preset != "none";
  if (key.name == "model.channels" || key.name == "model.blocks") return is_known_network(model);
  if (key.name == "model.layers") return !model.layers.empty() || model.preset != "none";
  if (key.name == "model.hidden") {
    if (!model.hidden.empty()) return true;
    if (by_depth || !model.layers.empty() || model.preset != "none") return false;
    // Where a sweep tries presets, no layers that were asked for are not the same as none said: see trial_config().
    const bool tries_presets = std::ranges::any_of(
        config.sweep.space, [](const Dimension& dimension) { return dimension.key == "model.preset"; });
    return !tries_presets || !config.place_of("model.hidden").empty() || !config.place_of("model.depth").empty();
  }
  return true;
}

std::string to_toml(const Config& config) {
  std::string text;
  std::string open_section;
  for (const config_keys::Key& key : config_keys::keys()) {
    if (!config_keys::is_written(key, config)) continue;
    // What a preset makes is written out: who reads the config need not know it.
    const bool of_preset = key.name == "model.layers" && config.model.layers.empty();
    const std::string value =
        of_preset ? config_text::value(layers_of(config.model)) : config_keys::value_text(key, config);
    if (key.name == "sweep.space") {  // a table of many lines
      text += "\n[sweep.space]\n" + value;
      continue;
    }
    const std::size_t dot = key.name.find('.');
    const std::string section = dot == std::string::npos ? "" : key.name.substr(0, dot);
    if (section != open_section) {
      text += "\n[" + section + "]\n";
      open_section = section;
    }
    text += (section.empty() ? key.name : key.name.substr(dot + 1)) + " = " + value + '\n';
  }
  return text;
}

std::string value_text(const Config& config, const std::string& name) {
  const config_keys::Key* key = config_keys::find(name);
  if (key == nullptr) throw Error(ExitStatus::usage, "unknown key \"" + name + "\"; " + config_keys::advice(name));
  return config_keys::value_text(*key, config);
}

std::vector<std::string> differing_keys(const Config& a, const Config& b) {
  std::vector<std::string> names;
  for (const config_keys::Key& key : config_keys::keys()) {
    // The text of a value is exact, and knows every type.
    if (config_keys::value_text(key, a) != config_keys::value_text(key, b)) names.push_back(key.name);
  }
  return names;
}

bool operator==(const Config& a, const Config& b) { return differing_keys(a, b).empty(); }

bool changes_no_bit(const std::string& name, const Config& config) {
  if (name == "train.evaluate_every" && config.train.early_stopping.patience != 0) return false;
  const config_keys::Key* key = config_keys::find(name);
  return key != nullptr && (key->flags & config_keys::no_bit) != 0;
}

bool may_be_nudged(const std::string& name) {
  const config_keys::Key* key = config_keys::find(name);
  return key != nullptr && (key->flags & config_keys::nudge) != 0;
}

}  // namespace shoal
