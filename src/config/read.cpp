#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "config/convert.hpp"
#include "config/space.hpp"
#include "config/toml.hpp"
#include "shoal/config/config.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/config/model_layers.hpp"
#include "shoal/config/text.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/keys_of.hpp"
#include "shoal/core/utf8.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/path.hpp"

namespace shoal {
namespace {

using config_keys::Key;

template <class Number>
bool is_out_of_range(const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc::result_out_of_range && end == text.data() + text.size();
}

/// Fills a config from one TOML text after another, and remembers where each value came from.
class Reader {
 public:
  explicit Reader(Config& config) : config_(config), space_(config.sweep.space) {}

  void read_text(const std::string& text, const std::string& name, const std::string& base_directory) {
    source_ = name;
    positions_ = true;
    base_directory_ = base_directory;
    toml::table root;
    try {
      root = toml::parse(text, name);
    } catch (const toml::parse_error& error) {
      complain(error.source().begin, fmt::format("not valid TOML: {}", one_line(error.description())));
    }
    for (const auto& [key, node] : root) read({std::string(key.str())}, node, key.source().begin);
    take_layers_of_preset();
  }

  /// option: what messages put in front of the assignment.
  void read_set(const std::string& assignment, const std::string& option = "--set ") {
    source_ = option + escape_non_utf8(one_line(assignment));
    positions_ = false;
    base_directory_ = ".";
    if (!is_utf8(assignment)) complain({}, "not UTF-8, as a config has to be; give it as UTF-8");
    const std::size_t equals = split_at(assignment);
    if (equals == std::string::npos) complain({}, "there is no value; use KEY=VALUE");
    const toml::table holder = parse_value(assignment.substr(equals + 1));
    read(parse_path(assignment.substr(0, equals)), *holder.get("value"), {});
  }

  void finish() {
    if (is_said_beside_preset("model.hidden") || is_said_beside_preset("model.depth"))
      take_no_hidden_layers_at_their_word(config_.model);
    if (config_.model.preset == "none" && config_.model.layers.empty()) config_.model.layers = written_out_;
    // A list of layers says itself where batch norm stands; what is set beside it does not mean another.
    const bool listed = !config_.model.layers.empty() || is_known_network(config_.model);
    if (implied_.contains("model.batch_norm.enabled") && listed) config_.model.batch_norm.enabled = false;
    if (places_.contains("sweep.space")) config_.sweep.space = space_.read(places_);
    const auto found = config_keys::contradiction(config_);
    if (!found.message.empty()) throw Error(ExitStatus::usage, places_[found.key] + found.message);
    for (const auto& [key, place] : places_) config_.places[key] = place;
  }

  std::vector<std::string> keys_read() const { return keys_of(places_); }

 private:
  std::string place(const toml::source_position& at) const {
    return positions_ ? fmt::format("{}:{}:{}: ", source_, at.line, at.column) : source_ + ": ";
  }
  [[noreturn]] void complain(const toml::source_position& at, const std::string& message) const {
    throw Error(ExitStatus::usage, place(at) + message);
  }
  static std::string one_line(std::string_view text) {
    std::string line(text);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
  }

  /// The first = outside of quotes: keys of [sweep.space] are quoted.
  static std::size_t split_at(const std::string& assignment) {
    bool quoted = false;
    for (std::size_t i = 0; i < assignment.size(); ++i) {
      if (assignment[i] == '"') quoted = !quoted;
      if (assignment[i] == '=' && !quoted) return i;
    }
    return std::string::npos;
  }

  /// {value = VALUE}, with a string where VALUE is not one TOML value.
  toml::table parse_value(const std::string& text) const {
    try {
      toml::table parsed = toml::parse("value = " + text);
      if (parsed.size() == 1) return parsed;  // more: the text holds lines of its own
    } catch (const toml::parse_error&) {
      if (is_out_of_range<double>(text) || is_out_of_range<std::int64_t>(text))
        complain({}, text + " is a number that 64 bits do not hold; use one nearer to 0");
      // Else a plain word.
    }
    return toml::table{{"value", text}};
  }

  std::vector<std::string> parse_path(const std::string& text) const {
    std::vector<std::string> path;
    try {
      const toml::table parsed = toml::parse(text + " = 0");
      for (const toml::table* at = &parsed; at != nullptr && at->size() == 1;) {
        path.emplace_back(at->begin()->first.str());
        at = at->begin()->second.as_table();
      }
    } catch (const toml::parse_error&) {
      path.clear();
    }
    if (path.empty())
      complain({}, fmt::format("{} is not a key; use one like optimizer.learning_rate", config_text::quote(text)));
    return path;
  }

  void read(const std::vector<std::string>& path, const toml::node& node, const toml::source_position& key_position) {
    const std::string name = fmt::format("{}", fmt::join(path, "."));
    if (path.size() > 1 && path[0] == "sweep" && path[1] == "space") {
      const auto refuse = [this](const toml::source_position& at, const std::string& message) {
        complain(at, message);
      };
      const auto note = [this](const toml::source_position& at, const std::string& key) { places_[key] = place(at); };
      space_.put({path.begin() + 2, path.end()}, node, key_position, {refuse, note});
    } else if (const Key* key = config_keys::find(name)) {
      assign(*key, node);
    } else if (const Key* on = config_keys::switch_of(name); on != nullptr && node.is_boolean()) {
      assign(*on, node);
    } else if (config_keys::is_section(name)) {
      read_section(path, name, node);
    } else {
      complain(key_position, fmt::format("unknown key {}; {}", config_text::quote(name), config_keys::advice(name)));
    }
  }

  void read_section(std::vector<std::string> path, const std::string& name, const toml::node& node) {
    const toml::table* table = node.as_table();
    const Key* on = config_keys::switch_of(name);
    if (table == nullptr) {
      const std::string either = on != nullptr ? "true, false or a table of" : "a table of";
      complain(node.source().begin, fmt::format("{} is {}; use {} keys", name, config_convert::seen(node), either));
    }
    if (on != nullptr && !table->contains("enabled")) imply(*on);
    for (const auto& [key, child] : *table) {
      path.emplace_back(key.str());
      read(path, child, key.source().begin);
      path.pop_back();
    }
  }

  void assign(const Key& key, const toml::node& node) {
    const toml::source_position& at = node.source().begin;
    const auto reference = key.reference(config_);
    if (!config_convert::convert(node, reference)) {
      const config_convert::Mismatch wrong = config_convert::mismatch(node, key);
      complain(wrong.node->source().begin, wrong.message);
    }
    if (key.name == "seed" && node.value<std::int64_t>().value_or(0) < 0) {
      complain(at, fmt::format("seed is {}; use {}", *node.value<std::int64_t>(), config_keys::expected(key)));
    }
    const std::string wrong = config_keys::violation(key, config_);
    if (!wrong.empty()) complain(at, wrong);
    if ((key.flags & config_keys::path) != 0) make_absolute(*std::get<std::string*>(reference), at);
    places_[key.name] = place(at);
    if (!positions_) set_.insert(key.name);
    // Said after the text that held a preset's layers: others, or none, in so many words.
    if (key.name == "model.layers" || key.name == "model.hidden" || key.name == "model.depth") written_out_.clear();
    const Key* on = config_keys::switch_of(key.name.substr(0, key.name.rfind('.')));
    if (on == &key) {
      said_.insert(key.name);
      implied_.erase(key.name);
    } else if (on != nullptr && !said_.contains(on->name)) {
      imply(*on);
    }
  }

  /// A config that shoal wrote has a preset and what that makes. The preset says it all, so that what it depends on may
  /// be set anew; without it the layers stay.
  void take_layers_of_preset() {
    ModelConfig& model = config_.model;
    if (model.preset == "none" || model.layers.empty()) return;
    written_out_ = std::exchange(model.layers, {});
    if (layers_of(model) == written_out_) return;
    throw Error(ExitStatus::usage,
                fmt::format("{}model.layers is not what model.preset = \"{}\" makes; leave out model.preset to train "
                            "these layers, or model.layers to train its own",
                            places_["model.layers"], model.preset));
  }

  /// Of what [model.preset] may be combined with. A --set of the preset is a later word than all of the text, which
  /// says `hidden = []` of every linear model that shoal wrote.
  bool is_said_beside_preset(const std::string& key) const {
    return set_.contains(key) || (places_.contains(key) && !set_.contains("model.preset"));
  }

  void imply(const Key& on) {
    *std::get<bool*>(on.reference(config_)) = true;
    implied_.insert(on.name);
  }

  void make_absolute(std::string& file, const toml::source_position& at) const try {
    if (!file.empty()) file = recorded_path(base_directory_ / file);
  } catch (const Error& error) {
    complain(at, error.what());
  }

  Config& config_;
  std::string source_;  // of messages
  bool positions_ = false;
  std::filesystem::path base_directory_;
  SpaceReader space_;
  std::vector<LayerSpec> written_out_;         // layers that a preset stands for
  std::set<std::string> set_;                  // keys that a --set gave
  std::set<std::string> said_;                 // switches of sections set in so many words
  std::set<std::string> implied_;              // switches that are on by another key of their section alone
  std::map<std::string, std::string> places_;  // by key: the beginning of a message about its value
};

}  // namespace

Config parse_config(const std::string& text, const std::string& name, const std::string& base_directory,
                    const std::vector<std::string>& sets) {
  Config config;
  Reader reader(config);
  reader.read_text(text, name, base_directory);
  for (const std::string& assignment : sets) reader.read_set(assignment);
  reader.finish();
  return config;
}

Config load_config(const std::optional<std::string>& path, const std::vector<std::string>& sets) {
  if (!path) return parse_config("", "defaults", ".", sets);
  std::error_code unreadable;  // read_text has the better message
  if (std::filesystem::is_directory(*path, unreadable)) {
    throw Error(ExitStatus::no_input, fmt::format("config {} is a folder; name a TOML file", *path));
  }
  if (!std::filesystem::exists(*path, unreadable) && path->find('=') != std::string::npos)
    throw Error(ExitStatus::no_input, fmt::format("there is no config {0}; to set a key, use --set {0}", *path));
  static_cast<void>(RandomAccessFile(*path));  // says of one that may not be read that there is no input
  return parse_config(read_text(*path), *path, std::filesystem::path(*path).parent_path().string(), sets);
}

std::vector<std::string> set_keys(Config& config, const std::string& assignment) {
  Config changed = config;
  Reader reader(changed);
  reader.read_set(assignment, "");
  reader.finish();
  config = changed;
  return reader.keys_read();
}

void take_targets_as_before(Config& written) {
  if (!written.places.contains("data.normalize_targets")) written.data.normalize_targets = "none";
}

}  // namespace shoal
