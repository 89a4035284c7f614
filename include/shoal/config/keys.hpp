#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shoal/config/config.hpp"

namespace shoal::config_keys {

/// Where the value of a key lies, and by that its type.
using Reference = std::variant<bool*, std::int64_t*, std::uint64_t*, double*, std::string*, std::vector<std::int64_t>*,
                               std::vector<LayerSpec>*, Validation*, SweepConfig*>;

/// Which values a key takes.
struct Allowed {
  double least = -std::numeric_limits<double>::infinity();  ///< of numbers; of a list, each of its numbers
  double most = std::numeric_limits<double>::infinity();
  bool least_itself = true;
  bool most_itself = true;
  std::function<std::vector<std::string>()> words = {};  ///< of a text; empty: any. A user's optimizer adds one
};

enum Flag : unsigned {
  none = 0,
  no_bit = 1,  ///< never changes a bit of the parameters
  nudge = 2,   ///< may change while a run is under way
  path = 4,    ///< a file name
};

struct Key {
  std::string name;  ///< in full: "optimizer.learning_rate"
  Reference (*reference)(Config&);
  unsigned flags = none;
  Allowed allowed = {};
};

/// The one table that reading, checking, writing and comparing go by.
const std::vector<Key>& keys();

/// Null when there is none.
const Key* find(std::string_view name);
/// Whether keys of this table exist: "model", "model.batch_norm".
bool is_section(const std::string& name);
/// What to say after `unknown key "..."`: the nearest key, else those that there are.
std::string advice(const std::string& unknown);

/// The value as TOML.
std::string value_text(const Key& key, const Config& config);
/// What a value must be: "a number above 0", "one of ...".
std::string expected(const Key& key);
/// What is wrong with the value of a key by itself; empty: nothing.
std::string violation(const Key& key, const Config& config);

/// Keys that exclude or need each other: what is wrong and at which key; an empty message: nothing.
struct Contradiction {
  std::string key;
  std::string message;
};
Contradiction contradiction(const Config& config);

/// The keys of [sweep] and of one dimension of [sweep.space].
const std::vector<std::string>& sweep_keys();
const std::vector<std::string>& dimension_keys();

}  // namespace shoal::config_keys
