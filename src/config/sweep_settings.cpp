#include "shoal/config/sweep_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "config/convert.hpp"
#include "config/dimension_reader.hpp"
#include "config/toml.hpp"
#include "shoal/config/text.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/meant_word.hpp"

namespace shoal {
namespace {

constexpr std::array searches = {std::pair{"random", Search::random}, std::pair{"grid", Search::grid},
                                 std::pair{"quasi_random", Search::quasi_random},
                                 std::pair{"coarse_to_fine", Search::coarse_to_fine}};
constexpr std::array metrics = {std::pair{"validation.loss", Metric::validation_loss},
                                std::pair{"validation.accuracy", Metric::validation_accuracy},
                                std::pair{"train.loss", Metric::train_loss}};

[[noreturn]] void refuse(const std::string& message) { throw Error(ExitStatus::usage, message); }

/// Reads one value; a message about it begins with its place.
template <class Read>
auto placed(const Config& config, const std::string& key, const Read& read) try {
  return read();
} catch (const Error& error) {
  throw Error(error.status(), config.place_of(key) + error.what());
}

/// Replaces `value` where the key is given.
template <class Table>
void read_word(const toml::table& sweep, const char* key, const Table& known,
               decltype(Table::value_type::second)& value) {
  const toml::node* node = sweep.get(key);
  if (node == nullptr) return;
  const auto word = node->value_exact<std::string>();
  std::vector<std::string> names;
  for (const auto& [name, meaning] : known) {
    names.emplace_back(name);
    if (word != name) continue;
    value = meaning;
    return;
  }
  refuse(fmt::format("sweep.{} is {}; {}", key, config_convert::seen(*node), meant_or_all(word.value_or(""), names)));
}

void read_count(const toml::table& table, const std::string& section, const char* key, std::int64_t least,
                std::int64_t most, std::int64_t& value) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return;
  const auto number = node->value_exact<std::int64_t>();
  if (!number || *number < least || *number > most)
    refuse(fmt::format("{}.{} is {}; use a whole number from {} to {}", section, key, config_convert::seen(*node),
                       least, most));
  value = *number;
}

const Dimension* find(const SweepSettings& settings, std::string_view key) {
  for (const Dimension& d : settings.space) {
    if (d.key == key) return &d;
  }
  return nullptr;
}

bool searched(const SweepSettings& settings, std::string_view key) { return find(settings, key) != nullptr; }

/// Every trial must have the metric, and that of one must be of the same kind as that of another.
void check_metric(const SweepSettings& settings, const Config& config) {
  const Dimension* search = find(settings, "model.loss");
  const std::vector<std::string> losses =
      search != nullptr ? search->choices : std::vector{config_text::quote(config.model.loss)};
  if (settings.metric == Metric::validation_accuracy) {
    if (std::find(losses.begin(), losses.end(), "\"mse\"") != losses.end())
      refuse(
          "sweep.metric = \"validation.accuracy\" counts right classes, and model.loss = \"mse\" tells none; use the "
          "metric \"validation.loss\", or model.loss = \"softmax\"");
  } else if (std::any_of(losses.begin(), losses.end(), [&](const auto& loss) { return loss != losses.front(); })) {
    refuse(fmt::format(
        "sweep.metric = \"{}\" would compare losses of different kinds, as model.loss is searched; use the metric "
        "\"validation.accuracy\", or one model.loss",
        to_string(settings.metric)));
  }
}

void check_halving(const SweepSettings& settings, const Config& config) {
  const auto [eta, least] = *settings.halving;
  if (config.train.steps > 0 || searched(settings, "train.steps"))
    refuse("sweep.successive_halving counts epochs, and train.steps is set; use train.epochs");
  if (searched(settings, "train.epochs"))
    refuse("sweep.successive_halving decides how many epochs a trial gets; leave train.epochs out of sweep.space");
  if (config.train.epochs < eta * least)
    refuse(
        fmt::format("train.epochs = {} leaves sweep.successive_halving no second rung with eta = {} and min_epochs = "
                    "{}; use {} epochs or more",
                    config.train.epochs, eta, least, eta * least));
}

}  // namespace

SweepSettings read_sweep(const Config& config) {
  const toml::table root = toml::parse(config.sweep.toml);
  const toml::table* sweep = root.get_as<toml::table>("sweep");
  const toml::table* space = sweep == nullptr ? nullptr : sweep->get_as<toml::table>("space");
  if (space == nullptr || space->empty())
    refuse(
        "the config has no [sweep.space]; name what to search, for example \"optimizer.learning_rate\" = {scale = "
        "\"log\", min = 1e-4, max = 1e-1}");
  SweepSettings settings;
  constexpr std::int64_t most = 1'000'000;
  const auto count = [&](const toml::table& table, const std::string& section, const char* key, std::int64_t least,
                         std::int64_t& value) {
    placed(config, section + '.' + key, [&] { read_count(table, section, key, least, most, value); });
  };
  count(*sweep, "sweep", "trials", 1, settings.trials);
  count(*sweep, "sweep", "ranks_per_trial", 1, settings.ranks_per_trial);
  placed(config, "sweep.search", [&] { read_word(*sweep, "search", searches, settings.search); });
  placed(config, "sweep.metric", [&] { read_word(*sweep, "metric", metrics, settings.metric); });
  for (const auto& entry : *space) {
    const std::string name(entry.first.str());
    settings.space.push_back(placed(config, "sweep.space." + name, [&] { return read_dimension(name, entry.second); }));
  }
  if (settings.search == Search::quasi_random && settings.space.size() > most_sobol_dimensions)
    refuse(fmt::format(
        "{}sweep.search = \"quasi_random\" takes up to {} hyperparameters, and sweep.space has {}; use \"random\"",
        config.place_of("sweep.search"), most_sobol_dimensions, settings.space.size()));
  placed(config, "sweep.metric", [&] { check_metric(settings, config); });
  if (const toml::table* halving = sweep->get_as<toml::table>("successive_halving")) {
    const std::string section = "sweep.successive_halving";
    settings.halving.emplace();
    count(*halving, section, "eta", 2, settings.halving->eta);
    count(*halving, section, "min_epochs", 1, settings.halving->min_epochs);
    placed(config, section, [&] { check_halving(settings, config); });
  }
  return settings;
}

Config complete(const Config& config) {
  const SweepSettings settings = read_sweep(config);
  std::vector<std::string> sets = {fmt::format("sweep.trials={}", settings.trials),
                                   fmt::format("sweep.search={}", to_string(settings.search)),
                                   fmt::format("sweep.metric={}", to_string(settings.metric)),
                                   fmt::format("sweep.ranks_per_trial={}", settings.ranks_per_trial)};
  if (settings.halving) {
    sets.push_back(fmt::format("sweep.successive_halving.eta={}", settings.halving->eta));
    sets.push_back(fmt::format("sweep.successive_halving.min_epochs={}", settings.halving->min_epochs));
  }
  return parse_config(to_toml(config), "the config", "/", sets);
}

std::string obstacle(const SweepSettings& before, const SweepSettings& now) {
  const auto differ = [](const std::string& key, const auto& was, const auto& is) {
    return fmt::format("sweep.{} = {} is not what it was begun with ({})", key, is, was);
  };
  const bool open_ended = !now.halving && (now.search == Search::random || now.search == Search::quasi_random);
  if (before.search != now.search) return differ("search", to_string(before.search), to_string(now.search));
  if (before.metric != now.metric) return differ("metric", to_string(before.metric), to_string(now.metric));
  if (before.halving != now.halving) return "sweep.successive_halving is not what it was begun with";
  if (before.trials != now.trials && !(open_ended && before.trials < now.trials))
    return differ("trials", before.trials, now.trials) + (open_ended ? "; more are fine" : "");
  for (const SweepSettings* s : {&before, &now}) {
    const SweepSettings& other = s == &before ? now : before;
    for (const Dimension& d : s->space) {
      if (std::find(other.space.begin(), other.space.end(), d) == other.space.end())
        return fmt::format("sweep.space.\"{}\" is not what it was begun with", d.key);
    }
  }
  return "";
}

std::string to_string(Search search) {
  for (const auto& [name, value] : searches) {
    if (value == search) return name;
  }
  return "";
}

std::string to_string(Metric metric) {
  for (const auto& [name, value] : metrics) {
    if (value == metric) return name;
  }
  return "";
}

}  // namespace shoal
