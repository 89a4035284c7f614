#include "shoal/config/assign.hpp"

#include <fmt/format.h>

#include "config/convert.hpp"
#include "config/toml.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/core/error.hpp"

namespace shoal {

void assign(Config& config, const std::string& key, const std::string& toml) {
  const config_keys::Key* known = config_keys::find(key);
  if (known == nullptr)
    throw Error(ExitStatus::usage, fmt::format("unknown key \"{}\"; {}", key, config_keys::advice(key)));
  const toml::table holder = toml::parse("value = " + toml);
  const toml::node& node = *holder.get("value");
  if (config_convert::convert(node, known->reference(config))) return;
  throw Error(ExitStatus::usage,
              fmt::format("{} is {}; use {}", key, config_convert::seen(node), config_keys::expected(*known)));
}

}  // namespace shoal
