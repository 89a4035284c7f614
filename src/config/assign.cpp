#include "shoal/config/assign.hpp"

#include <fmt/format.h>

#include <type_traits>
#include <utility>

#include "config/convert.hpp"
#include "config/toml.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/core/error.hpp"

namespace shoal {

namespace {

const config_keys::Key& known(const std::string& key) {
  if (const config_keys::Key* found = config_keys::find(key)) return *found;
  throw Error(ExitStatus::usage, fmt::format("unknown key \"{}\"; {}", key, config_keys::advice(key)));
}

}  // namespace

void assign(Config& config, const std::string& key, const std::string& toml) {
  const toml::table holder = toml::parse("value = " + toml);
  const toml::node& node = *holder.get("value");
  if (config_convert::convert(node, known(key).reference(config))) return;
  throw Error(ExitStatus::usage, config_convert::mismatch(node, known(key)).message);
}

void set_value(Config& config, const std::string& key, const Setting& value) {
  const auto set = [&](auto* to) {
    using Held = std::remove_pointer_t<decltype(to)>;
    if constexpr (std::is_same_v<Held, double>) {
      if (const auto* whole = std::get_if<std::int64_t>(&value)) return *to = static_cast<double>(*whole), true;
    }
    if constexpr (std::is_constructible_v<Setting, std::in_place_type_t<Held>>) {
      if (const auto* held = std::get_if<Held>(&value)) return *to = *held, true;
    }
    return false;
  };
  if (!std::visit(set, known(key).reference(config)))
    throw Error(ExitStatus::usage,
                fmt::format("{} is of another type; use {}", key, config_keys::expected(known(key))));
}

Setting setting_of(const Config& config, const std::string& key) {
  Config copy = config;
  return std::visit(
      [&](const auto* value) -> Setting {
        using Held = std::remove_cvref_t<decltype(*value)>;
        if constexpr (std::is_constructible_v<Setting, std::in_place_type_t<Held>>) return *value;
        throw Error(ExitStatus::usage, key + " is not one number or word");
      },
      known(key).reference(copy));
}

}  // namespace shoal
