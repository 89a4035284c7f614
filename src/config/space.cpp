#include "config/space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "config/convert.hpp"
#include "config/words.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/config/text.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"

namespace shoal {
namespace {

constexpr double most_whole = 9007199254740992.0;  // 2^53: beyond it not every whole number is a double

const std::vector<std::string> words_of_a_dimension = {"scale", "min", "max", "integer", "choices"};

class DimensionReader {
 public:
  DimensionReader(const std::string& key, const toml::table& table) : table_(table), key_(*config_keys::find(key)) {
    result_.key = key;
  }

  Dimension read() {
    refuse_what_no_trial_may_change();
    const bool listed = table_.contains("choices");
    read_scale(listed);
    if (listed) {
      read_choices();
    } else {
      read_range();
    }
    return result_;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ExitStatus::usage, fmt::format("sweep.space.\"{}\" {}", result_.key, what));
  }

  void refuse_what_no_trial_may_change() const {
    const std::string& key = result_.key;
    if (key == "model.layers")
      refuse(
          "cannot be searched: a list of layers is no value of a table of trials; search model.hidden, model.depth and "
          "model.width, or model.preset");
    if (key == "data.validation" || key == "data.file" || key == "data.train" || key == "data.fold" ||
        key == "data.split_seed")
      refuse("cannot be searched: trials must be compared on the same data; leave it out");
    if ((key_.flags & config_keys::no_bit) != 0) refuse("changes no result; leave it out");
  }

  void read_scale(bool listed) {
    const toml::node* node = table_.get("scale");
    if (node == nullptr) {
      result_.scale = listed ? Scale::choices : Scale::linear;
      return;
    }
    const auto word = node->value_exact<std::string>();
    if (word && config_words::read(*word, result_.scale)) {
      if (listed == (result_.scale == Scale::choices)) return;
      refuse(listed ? fmt::format("has the scale \"{}\" and a list of choices; use the one or the other", *word)
                    : "has the scale \"choices\" and no list; add choices = [...]");
    }
    refuse(fmt::format("has the scale {}; {}", config_convert::seen(*node),
                       meant_or_all(word.value_or(""), config_words::all<Scale>())));
  }

  void read_choices() {
    for (const char* other : {"min", "max", "integer"}) {
      if (table_.contains(other)) refuse(fmt::format("has choices and {}; use a list or a range", other));
    }
    const toml::array* list = table_.get("choices")->as_array();
    if (list == nullptr || list->empty()) refuse("has no choices; use a list like choices = [64, 128]");
    for (const toml::node& node : *list) {
      Config scratch;
      if (!config_convert::convert(node, key_.reference(scratch)))
        refuse(fmt::format("has the choice {}; use {}", config_convert::seen(node), config_keys::expected(key_)));
      const std::string wrong = config_keys::violation(key_, scratch);
      if (!wrong.empty()) refuse("has a choice that cannot be: " + wrong);
      result_.choices.push_back(config_keys::value_text(key_, scratch));
    }
  }

  double end(const char* name) const {
    const toml::node* node = table_.get(name);
    if (node == nullptr) refuse(fmt::format("has no {}; give min and max, or choices", name));
    if (!node->is_number()) refuse(fmt::format("has the {} {}; use a number", name, config_convert::seen(*node)));
    const double number = node->value<double>().value_or(0.0);
    if (result_.integer && (number != std::floor(number) || std::fabs(number) > most_whole))
      refuse(fmt::format("searches whole numbers and has the {} {}; use a whole number", name,
                         config_convert::seen(*node)));
    return number;
  }

  void read_range() {
    Config scratch;
    const auto reference = key_.reference(scratch);
    const bool seeds = std::holds_alternative<std::uint64_t*>(reference);
    const bool whole = seeds || std::holds_alternative<std::int64_t*>(reference);
    if (!whole && !std::holds_alternative<double*>(reference))
      refuse("is no number, so it has no range; use choices = [...]");
    result_.integer = whole;
    if (const toml::node* node = table_.get("integer")) {
      if (!node->is_boolean()) refuse(fmt::format("has integer = {}; use true or false", config_convert::seen(*node)));
      result_.integer = *node->value_exact<bool>();
      if (whole && !result_.integer) refuse("takes whole numbers alone; leave out integer = false");
    }
    result_.min = end("min");
    result_.max = end("max");
    const auto number = [](double v) { return config_text::value(v); };
    if (result_.min > result_.max)
      refuse(fmt::format("has min = {} above max = {}; exchange them", number(result_.min), number(result_.max)));
    if (result_.scale == Scale::log && !(result_.min > 0.0))
      refuse(fmt::format("has the scale \"log\" and min = {}; use a min above 0, or the scale \"linear\"",
                         number(result_.min)));
    if (result_.scale == Scale::one_minus_log && result_.integer)
      refuse("has the scale \"one_minus_log\", which has no whole numbers; use \"linear\" or \"log\"");
    if (result_.scale == Scale::one_minus_log && !(result_.max < 1.0))
      refuse(fmt::format("has the scale \"one_minus_log\" and max = {}; use a max below 1", number(result_.max)));
    for (const double value : {result_.min, result_.max}) {
      if (seeds) {
        if (value < 0.0) refuse(fmt::format("has min = {}; a seed is 0 or more", number(value)));
        *std::get<std::uint64_t*>(reference) = static_cast<std::uint64_t>(value);
      } else if (whole) {
        *std::get<std::int64_t*>(reference) = static_cast<std::int64_t>(value);
      } else {
        *std::get<double*>(reference) = value;
      }
      const std::string wrong = config_keys::violation(key_, scratch);
      if (!wrong.empty()) refuse("reaches a value that cannot be: " + wrong);
    }
  }

  const toml::table& table_;
  const config_keys::Key& key_;
  Dimension result_;
};

}  // namespace

SpaceReader::SpaceReader(const std::vector<Dimension>& before) : entries_(toml::parse(config_text::value(before))) {}

void SpaceReader::put(const std::vector<std::string>& path, const toml::node& node,
                      const toml::source_position& key_position, const Listener& listener) {
  listener.note(key_position, "sweep.space");
  if (!path.empty()) return put_entry(path[0], {path.begin() + 1, path.end()}, node, key_position, listener);
  if (!node.is_table()) listener.complain(node.source().begin, "sweep.space is a single value; use a table");
  entries_.clear();
  for (const auto& [key, child] : *node.as_table())
    put_entry(std::string(key.str()), {}, child, key.source().begin, listener);
}

void SpaceReader::put_entry(std::string key, const std::vector<std::string>& path, const toml::node& node,
                            const toml::source_position& key_position, const Listener& listener) {
  if (const config_keys::Key* its = config_keys::switch_of(key)) key = its->name;
  const auto require_known = [&](bool known, const std::string& name, const std::string& advice,
                                 const toml::source_position& at) {
    if (!known)
      listener.complain(at, fmt::format("unknown key {} in [sweep.space]; {}", config_text::quote(name), advice));
  };
  const bool is_a_part =
      std::ranges::any_of(config_keys::keys(), [&](const auto& k) { return k.name.starts_with(key + '.'); });
  require_known(config_keys::find(key) != nullptr, key,
                is_a_part ? "a key stands in quotes here, as in \"optimizer.learning_rate\"" : config_keys::advice(key),
                key_position);
  const auto require_word = [&](const std::string& name, const toml::source_position& at) {
    const auto& words = words_of_a_dimension;
    require_known(std::find(words.begin(), words.end(), name) != words.end(), name, meant_or_all(name, words), at);
  };
  listener.note(key_position, "sweep.space." + key);
  if (path.empty()) {
    const toml::table* table = node.as_table();
    if (table == nullptr)
      listener.complain(node.source().begin,
                        fmt::format("sweep.space.{} is {}", key,
                                    node.is_array() ? "a list; use {choices = [...]}" : "a single value; use a table"));
    for (const auto& [name, child] : *table) require_word(std::string(name.str()), name.source().begin);
    entries_.insert_or_assign(key, *table);
  } else {
    require_word(path[0], key_position);
    if (path.size() > 1)
      listener.complain(key_position,
                        fmt::format("sweep.space.{}.{} has no key {}; give {} itself a value", config_text::key(key),
                                    path[0], config_text::quote(path[1]), path[0]));
    if (!entries_.contains(key)) entries_.insert(key, toml::table{});
    toml::table& entry = *entries_.get_as<toml::table>(key);
    node.visit([&](const auto& value) { entry.insert_or_assign(path[0], value); });
  }
}

std::vector<Dimension> SpaceReader::read(const std::map<std::string, std::string>& places) const {
  std::vector<Dimension> dimensions;
  for (const auto& [name, entry] : entries_) {
    const std::string key(name.str());
    try {
      dimensions.push_back(DimensionReader(key, *entry.as_table()).read());
    } catch (const Error& error) {
      const auto place = places.find("sweep.space." + key);
      throw Error(error.status(), (place == places.end() ? "" : place->second) + error.what());
    }
  }
  return dimensions;
}

}  // namespace shoal
