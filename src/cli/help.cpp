#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/output.hpp"
#include "shoal/config/keys.hpp"

namespace shoal {
namespace {

std::string default_of(const config_keys::Key& key) {
  std::string value = config_keys::value_text(key, Config());
  std::replace(value.begin(), value.end(), '\n', ' ');
  return value;
}

std::string keys_table(const std::string& section) {
  std::vector<std::vector<std::string>> rows = {{"key", "default", "what it is"}};
  for (const config_keys::Key& key : config_keys::keys()) {
    if (section.empty() || key.name.starts_with(section + '.'))
      rows.push_back({key.name, default_of(key), config_keys::about(key)});
  }
  return align(rows) + "\nMore of a key: shoal help KEY. Set one: --set KEY=VALUE, or in a config, which is TOML.\n";
}

std::string of_key(const config_keys::Key& key) {
  std::string text = fmt::format("{}\n  {}.\n  It takes {}; default: {}.\n", key.name, config_keys::about(key),
                                 config_keys::expected(key), default_of(key));
  if ((key.flags & config_keys::nudge) != 0) text += "  It may change while a run is under way: shoal nudge.\n";
  if ((key.flags & config_keys::no_bit) != 0) text += "  It changes no bit of what is trained.\n";
  return text;
}

}  // namespace

std::string config_help(const std::string& topic) {
  if (topic == "config") return keys_table("");
  if (config_keys::is_section(topic)) return keys_table(topic);
  const config_keys::Key* key = config_keys::find(topic);
  return key == nullptr ? "" : of_key(*key);
}

}  // namespace shoal
