#include "config/dimension_reader.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "config/convert.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/config/text.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"

namespace shoal {
namespace {

constexpr double most_whole = 9007199254740992.0;  // 2^53: beyond it not every whole number is a double

constexpr std::array scales = {std::pair{"linear", Scale::linear}, std::pair{"log", Scale::log},
                               std::pair{"one_minus_log", Scale::one_minus_log}, std::pair{"choices", Scale::choices}};

class Reader {
 public:
  Reader(std::string key, const toml::table& table) : table_(table), key_(*config_keys::find(key)) {
    result_.key = std::move(key);
  }

  Dimension read() {
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

  void read_scale(bool listed) {
    const toml::node* node = table_.get("scale");
    if (node == nullptr) {
      result_.scale = listed ? Scale::choices : Scale::linear;
      return;
    }
    const auto word = node->value_exact<std::string>();
    std::vector<std::string> known;
    for (const auto& [name, scale] : scales) {
      known.emplace_back(name);
      if (word != name) continue;
      result_.scale = scale;
      if (listed == (scale == Scale::choices)) return;
      refuse(listed ? fmt::format("has the scale \"{}\" and a list of choices; use the one or the other", *word)
                    : "has the scale \"choices\" and no list; add choices = [...]");
    }
    refuse(fmt::format("has the scale {}; {}", config_convert::seen(*node), meant_or_all(word.value_or(""), known)));
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
    const bool whole = std::holds_alternative<std::int64_t*>(reference);
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
      if (whole) {
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

Dimension read_dimension(const std::string& key, const toml::node& node) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ExitStatus::usage, fmt::format("sweep.space.\"{}\" {}", key, what));
  };
  const config_keys::Key* known = config_keys::find(key);
  if (known == nullptr) refuse("is no key; " + config_keys::advice(key));
  if (key == "seed") refuse("cannot be searched: all trials start from one seed; set seed itself, once per sweep");
  if (key == "data.validation" || key == "data.file" || key == "model.layers")
    refuse("cannot be searched: trials must be compared on the same data; leave it out");
  if ((known->flags & config_keys::no_bit) != 0) refuse("changes no result; leave it out");
  const toml::table* table = node.as_table();
  if (table == nullptr)
    refuse(
        fmt::format("is {}; use a table like {{scale = \"log\", min = 1e-4, max = 1.0}}", config_convert::seen(node)));
  return Reader(key, *table).read();
}

}  // namespace shoal
