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
                               std::vector<LayerSpec>*, Validation*, LossSettings*, ClassWeights*, Search*, Metric*,
                               std::vector<Dimension>*, Fold*, FinalFit*, std::vector<std::string>*>;

/// Which values a key takes.
struct Allowed {
  double least = -std::numeric_limits<double>::infinity();  ///< of numbers; of a list, each of its numbers
  double most = std::numeric_limits<double>::infinity();
  bool least_itself = true;
  bool most_itself = true;
  double least_above_0 = 0.0;  ///< of numbers that may be 0: what lies between is 0 as a float, and no one's wish
  std::function<std::vector<std::string>()> words = {};  ///< of a text; empty: any. A user's optimizer adds one
};

enum Flag : unsigned {
  none = 0,
  no_bit = 1,  ///< never changes a bit of the parameters
  nudge = 2,   ///< may change while a run is under way
  path = 4,    ///< a file name
};

/// What a config makes of a key that does nothing in it, or less than it seems to, as the end of a sentence that begins
/// with the key: "has no effect: ..."; empty where it acts as it says.
using Idle = std::function<std::string(const Config&)>;

struct Key {
  std::string name;  ///< in full: "optimizer.learning_rate"
  Reference (*reference)(Config&);
  unsigned flags = none;
  Allowed allowed = {};
  Idle idle = {};  ///< empty: it always has an effect
};

/// The one table that reading, checking, writing and comparing go by.
const std::vector<Key>& keys();

/// Of the four ways to give the hidden layers only the one in use is written, and [sweep] where there is one: an
/// absent key reads back as its default.
bool is_written(const Key& key, const Config& config);

/// Null when there is none.
const Key* find(std::string_view name);
/// Whether keys of this table exist: "model", "model.batch_norm".
bool is_section(const std::string& name);
/// The key that turns a section on or off, "model.batch_norm.enabled" of "model.batch_norm"; null where there is none.
/// `model.batch_norm = true` sets it, and any other key of the section turns it on, unless it was set itself.
const Key* switch_of(const std::string& section);
/// The key or section whose last word `unknown` ends with, or is another name of: "lr" is optimizer.learning_rate; that
/// of its own section first. Empty: none.
std::string namesake(const std::string& unknown);
/// What to say after `unknown key "..."`: the nearest key, else those that there are.
std::string advice(const std::string& unknown);

/// The value as TOML.
std::string value_text(const Key& key, const Config& config);
/// What the key is, in a line.
std::string about(const Key& key);
/// What a value must be: "a number above 0", "one of ...".
std::string expected(const Key& key);
/// What the config makes of a key, see Idle.
std::string idle(const Key& key, const Config& config);
/// `optimizer.momentum = 0.5 has no effect: ...`; empty where it acts as it says.
std::string idle_line(const Key& key, const Config& config);
/// The keys that somebody set, in the order of the table. Of a config that gives every key, as shoal writes it, those
/// that differ from their defaults: nobody said the others.
std::vector<const Key*> given(const Config& config);
/// A line, with its place, for each key given that does not act as it says.
std::vector<std::string> idle_lines(const Config& config);
/// `did you mean "adam"? ` where the key takes words, and one is near.
std::string meant_word(const Key& key, const std::string& word);
/// What is wrong with the value of a key by itself; empty: nothing.
std::string violation(const Key& key, const Config& config);

/// Keys that exclude or need each other: what is wrong and at which key; an empty message: nothing.
struct Contradiction {
  std::string key;
  std::string message;
};
Contradiction contradiction(const Config& config);

}  // namespace shoal::config_keys
