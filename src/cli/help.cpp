#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/output.hpp"

namespace shoal {
namespace {

std::string keys_table(const std::string& section) {
  std::vector<std::vector<std::string>> rows = {{"key", "default", "what it is"}};
  for (const config_keys::Key& key : config_keys::keys()) {
    if (section.empty() || key.name.starts_with(section + '.'))
      rows.push_back({key.name, default_of(key), config_keys::about(key)});
  }
  return align(rows) + "\nMore of a key: shoal help KEY. Set one: --set KEY=VALUE, or in a config, which is TOML.\n";
}

/// Not of data.file, whose content counts, nor of a sweep, whose keys say which models there are.
std::string no_bit_line(const config_keys::Key& key) {
  const bool chooses = (key.flags & config_keys::path) != 0 || key.name.starts_with("sweep.");
  if ((key.flags & config_keys::no_bit) == 0 || chooses) return "";
  Config stops_early;
  stops_early.train.early_stopping.patience = 1;
  return fmt::format("  It changes no bit of what is trained{}.\n",
                     changes_no_bit(key.name, stops_early) ? "" : " while train.early_stopping.patience is 0");
}

/// Of what is inside of a section that may be off.
std::string switch_line(const config_keys::Key& key) {
  const std::string section = key.name.substr(0, key.name.rfind('.'));
  const config_keys::Key* on = config_keys::switch_of(section);
  if (on == nullptr || on == &key) return "";
  return fmt::format("  To set it is to set {} = true, unless that is said to be false.\n", section);
}

std::string of_key(const config_keys::Key& key) {
  std::string text = fmt::format("{}\n  {}.\n  It takes {}; default: {}.\n", key.name, config_keys::about(key),
                                 config_keys::expected(key), default_of(key));
  text += switch_line(key);
  if ((key.flags & config_keys::nudge) != 0) text += "  It may change while a run is under way: shoal nudge.\n";
  return text + no_bit_line(key);
}

}  // namespace

std::string default_of(const config_keys::Key& key) {
  std::string value = config_keys::value_text(key, Config());
  std::replace(value.begin(), value.end(), '\n', ' ');
  return value.empty() ? "none" : value;
}

std::string config_help(const std::string& topic) {
  if (topic == "config") return keys_table("");
  if (config_keys::is_section(topic)) return keys_table(topic);
  const config_keys::Key* key = config_keys::find(topic);
  return key == nullptr ? "" : of_key(*key);
}

}  // namespace shoal
