#pragma once

#include <string>

#include "config/toml.hpp"
#include "shoal/config/keys.hpp"

namespace shoal::config_convert {

/// Sets a member from a TOML value; false: it is of another type, and the member is anything.
bool convert(const toml::node& node, const config_keys::Reference& to);

/// What is wrong with a value that convert() does not take, and where in it.
struct Mismatch {
  const toml::node* node = nullptr;
  std::string message;
};
Mismatch mismatch(const toml::node& node, const config_keys::Key& key);

/// A value in the words of a message about its type: `the string "64"`, `a list`.
std::string seen(const toml::node& node);

}  // namespace shoal::config_convert
