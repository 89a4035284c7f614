#include "config/sweep.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "shoal/config/keys.hpp"
#include "shoal/config/text.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"

namespace shoal::config_sweep {
namespace {

// A table that may be given as true or false, here as in [model], and what that sets.
constexpr const char* batch_norm = "model.batch_norm";
constexpr const char* batch_norm_key = "model.batch_norm.enabled";

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

class Checker {
 public:
  explicit Checker(const Listener& listener) : listener_(listener) {}

  void check(const std::vector<std::string>& path, const toml::node& node, const toml::source_position& key) const {
    const std::string name = path.empty() ? "sweep" : fmt::format("sweep.{}", fmt::join(path, "."));
    listener_.note(key, name);
    if (!path.empty() && path[0] == "space") {
      check_space(path, name, node, key);
    } else if (path.empty() || name == "sweep.successive_halving") {
      check_table(path, name, node);
    } else if (!contains(config_keys::sweep_keys(), name)) {
      listener_.complain(key, fmt::format("unknown key {}; {}", config_text::quote(name), config_keys::advice(name)));
    } else {
      check_plain(name, node);
    }
  }

 private:
  void check_space(const std::vector<std::string>& path, const std::string& name, const toml::node& node,
                   const toml::source_position& key) const {
    if (path.size() == 2 && path[1] != batch_norm && (config_keys::find(path[1]) == nullptr || path[1] == "sweep")) {
      listener_.complain(key, fmt::format("unknown key {} in [sweep.space]; {}", config_text::quote(path[1]),
                                          config_keys::advice(path[1])));
    }
    if (path.size() <= 2) return check_table(path, name, node);
    const auto& known = config_keys::dimension_keys();
    if (path.size() == 3 && contains(known, path[2])) return check_plain(name, node);
    listener_.complain(key, fmt::format("unknown key {} in [sweep.space]; {}", config_text::quote(path[2]),
                                        meant_or_all(path[2], known)));
  }

  void check_table(std::vector<std::string> path, const std::string& name, const toml::node& node) const {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      const bool choices = node.is_array() && path.size() == 2;
      listener_.complain(node.source().begin,
                         name + (choices ? " is a list; use {choices = [...]}" : " is a single value; use a table"));
      return;
    }
    for (const auto& [key, child] : *table) {
      path.emplace_back(key.str());
      check(path, child, key.source().begin);
      path.pop_back();
    }
  }

  void check_plain(const std::string& name, const toml::node& node) const {
    if (const toml::array* array = node.as_array()) {
      for (const toml::node& element : *array) check_plain(name, element);
      return;
    }
    const auto number = node.value_exact<double>();
    if (number ? std::isfinite(*number) : node.is_string() || node.is_integer() || node.is_boolean()) return;
    listener_.complain(node.source().begin,
                       name + " holds a table, a date or an infinite number; use numbers, strings or lists");
  }

  const Listener& listener_;
};

std::string text(const toml::node& node) {
  std::string joined;
  const auto append = [&](const std::string& piece) { joined += (joined.empty() ? "" : ", ") + piece; };
  if (const toml::table* table = node.as_table()) {
    for (const auto& [key, child] : *table) append(config_text::key(key.str()) + " = " + text(child));
    return '{' + joined + '}';
  }
  if (const toml::array* array = node.as_array()) {
    for (const toml::node& child : *array) append(text(child));
    return '[' + joined + ']';
  }
  if (const auto v = node.value_exact<bool>()) return config_text::value(*v);
  if (const auto v = node.value_exact<std::int64_t>()) return config_text::value(*v);
  if (const auto v = node.value_exact<double>()) return config_text::value(*v);
  return config_text::value(node.value_exact<std::string>().value_or(""));
}

std::string canonical(const toml::table& sweep) {
  std::string lines = "[sweep]\n";
  for (const auto& [key, child] : sweep) {
    if (key.str() != "space") lines += config_text::key(key.str()) + " = " + text(child) + '\n';
  }
  const toml::node* space = sweep.get("space");
  if (space == nullptr || space->as_table() == nullptr) return lines;
  lines += "\n[sweep.space]\n";
  for (const auto& [key, child] : *space->as_table()) {
    lines += config_text::quote(key.str()) + " = " + text(child) + '\n';
  }
  return lines;
}

}  // namespace

void read(SweepConfig& sweep, std::vector<std::string> path, const toml::node& node,
          const toml::source_position& key_position, const Listener& listener) {
  Checker(listener).check(path, node, key_position);
  if (path.size() > 1 && path[1] == batch_norm) path[1] = batch_norm_key;
  toml::table root = toml::parse(sweep.toml);
  toml::table* place = &root;
  std::string last = "sweep";
  for (const std::string& component : path) {
    if (place->get_as<toml::table>(last) == nullptr) place->insert_or_assign(last, toml::table{});
    place = place->get_as<toml::table>(last);
    last = component;
  }
  node.visit([&](const auto& value) { place->insert_or_assign(last, value); });
  if (toml::table* space = root["sweep"]["space"].as_table()) {
    if (const toml::node* both = space->get(batch_norm)) {
      both->visit([&](const auto& value) { space->insert_or_assign(batch_norm_key, value); });
      space->erase(batch_norm);
    }
  }
  sweep.toml = canonical(*root.get_as<toml::table>("sweep"));
}

}  // namespace shoal::config_sweep
