#include "show/serve/nudge_keys.hpp"

#include <cmath>
#include <cstdint>
#include <string>
#include <variant>

#include "shoal/config/assign.hpp"
#include "shoal/config/keys.hpp"

namespace shoal {
namespace {

const char* type_of(const Setting& value) {
  if (std::holds_alternative<bool>(value)) return "flag";
  if (std::holds_alternative<std::int64_t>(value)) return "integer";
  return std::holds_alternative<double>(value) ? "number" : "word";
}

}  // namespace

Json nudge_keys(const Config& now) {
  Json all = Json::array();
  for (const config_keys::Key& key : config_keys::keys()) {
    if (!may_be_nudged(key.name)) continue;
    const Setting value = setting_of(now, key.name);
    Json one = Json::object({{"key", key.name},
                             {"type", type_of(value)},
                             {"value", std::visit([](const auto& held) { return Json(held); }, value)},
                             {"expected", config_keys::expected(key)}});
    if (std::isfinite(key.allowed.least)) one.set("least", key.allowed.least);
    if (std::isfinite(key.allowed.most)) one.set("most", key.allowed.most);
    if (key.allowed.words) one.set("words", key.allowed.words());
    if (const std::string idle = config_keys::idle(key, now); !idle.empty()) one.set("idle", idle);
    all.push(std::move(one));
  }
  return all;
}

}  // namespace shoal
