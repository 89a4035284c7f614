#include "shoal/config/sweep_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "config/words.hpp"
#include "shoal/config/config.hpp"
#include "shoal/config/text.hpp"
#include "shoal/core/error.hpp"
#include "shoal/nn/losses.hpp"

namespace shoal {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ExitStatus::usage, message); }

/// A message about a key begins with its place.
template <class Check>
void placed(const Config& config, const std::string& key, const Check& check) try {
  check();
} catch (const Error& error) {
  throw Error(error.status(), config.place_of(key) + error.what());
}

const Dimension* find(const SweepSettings& settings, std::string_view key) {
  for (const Dimension& d : settings.space) {
    if (d.key == key) return &d;
  }
  return nullptr;
}

bool searched(const SweepSettings& settings, std::string_view key) { return find(settings, key) != nullptr; }

/// Of a loss as TOML.
std::string loss_name(const std::string& toml) {
  const std::size_t begin = toml.find('"') + 1;
  return toml.substr(begin, toml.find('"', begin) - begin);
}

/// Every trial must have the metric, and that of one must be of the same kind as that of another.
void check_metric(const SweepSettings& settings, const Config& config) {
  const Dimension* search = find(settings, "model.loss");
  const std::vector<std::string> losses =
      search != nullptr ? search->choices : std::vector{config_text::value(config.model.loss)};
  if (is_of_classes(settings.metric)) {
    for (const std::string& loss : losses) {
      if (const std::string name = loss_name(loss); name != "auto" && !Loss::named(name).tells_classes)
        refuse(
            fmt::format("sweep.metric = \"{}\" counts right classes, and model.loss = {} tells none; "
                        "use the metric \"validation.loss\", or model.loss = \"softmax\"",
                        to_string(settings.metric), loss));
    }
  } else if (is_loss(settings.metric) &&
             std::any_of(losses.begin(), losses.end(), [&](const auto& loss) { return loss != losses.front(); })) {
    refuse(fmt::format(
        "sweep.metric = \"{}\" would compare losses of different kinds, as model.loss is searched; use the metric "
        "\"validation.accuracy\", of targets \"validation.rmse\", or one model.loss",
        to_string(settings.metric)));
  }
  const bool units = is_loss(settings.metric) && searched(settings, "data.normalize_targets");
  if (units || (settings.metric == Metric::train_loss && searched(settings, "train.class_weights")))
    refuse(
        fmt::format("sweep.metric = \"{}\" would compare losses in different units, as {} is searched; use another "
                    "metric, or one value",
                    to_string(settings.metric), units ? "data.normalize_targets" : "train.class_weights"));
}

void check_round(const SweepSettings& settings) {
  if (settings.round > settings.trials)
    refuse(fmt::format(
        "sweep.round = {} is more than sweep.trials = {}; use a few rounds or more, such as sweep.round = {}",
        settings.round, settings.trials, default_round(settings, settings.trials)));
  if (settings.successive_halving.enabled)
    refuse(
        fmt::format("sweep.search = \"{}\" compares trials of equal length, and sweep.successive_halving ends most of "
                    "them early; use the search \"coarse_to_fine\", or no halving",
                    to_string(settings.search)));
}

void check_halving(const SweepSettings& settings, const Config& config) {
  const auto [enabled, eta, least] = settings.successive_halving;
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

bool needs_no_results(Search search) {
  return search == Search::random || search == Search::grid || search == Search::quasi_random;
}

void check_population(const SweepSettings& settings, const Config& config) {
  const PopulationSettings& p = settings.population;
  const std::string name = fmt::format("sweep.population = {}", p.members);
  if (p.members == 1) refuse(name + " has nobody to copy; use 2 or more, or 0 for none");
  if (settings.trials != p.members)
    refuse(fmt::format("{} and sweep.trials = {} both say how many models are trained; leave out sweep.trials", name,
                       settings.trials));
  if (settings.successive_halving.enabled)
    refuse(name + " and sweep.successive_halving exclude each other: each decides who goes on; leave out one");
  if (settings.folded())
    refuse(fmt::format("{} and sweep.folds = {} exclude each other: a member is one model; leave out one", name,
                       settings.folds));
  if (settings.final_fit == FinalFit::yes)
    refuse(name + " and sweep.final_fit exclude each other: its best is a schedule, no setting; leave out one");
  if (!needs_no_results(settings.search))
    refuse(
        fmt::format("{} draws its first members alone by sweep.search, and \"{}\" learns from trials; use "
                    "\"random\", \"quasi_random\" or \"grid\"",
                    name, to_string(settings.search)));
  if (config.train.steps > 0 || searched(settings, "train.steps"))
    refuse(name + " counts epochs, and train.steps is set; use train.epochs");
  if (searched(settings, "train.epochs"))
    refuse(name + " trains all members equally long; leave train.epochs out of sweep.space");
  if (config.train.early_stopping.patience > 0 || searched(settings, "train.early_stopping.patience"))
    refuse(name + " ends no member before its time, since others may copy it; leave out train.early_stopping");
  const std::int64_t generation = p.epochs_of_generation(config.train.epochs);
  if (generation >= config.train.epochs)
    refuse(fmt::format("train.epochs = {} is one generation of {}, after which nobody goes on; use {}",
                       config.train.epochs, counted(generation, "epoch"),
                       config.train.epochs == 1 ? "more train.epochs" : "a shorter sweep.generation"));
  if (std::none_of(settings.space.begin(), settings.space.end(), [](const auto& d) { return may_be_nudged(d.key); }))
    refuse(name +
           " changes hyperparameters in the middle of a training, and none of sweep.space may change there; add one "
           "like optimizer.learning_rate");
}

}  // namespace

void count_members(Config& config) {
  SweepSettings& settings = config.sweep;
  if (settings.population.enabled() && config.place_of("sweep.trials").empty())
    settings.trials = settings.population.members;
}

void check_sweep(const Config& config) {
  const SweepSettings& settings = config.sweep;
  if (settings.space.empty() && settings.trials > 1)
    refuse(
        "the config has no [sweep.space]; name what to search, for example \"optimizer.learning_rate\" = {scale = "
        "\"log\", min = 1e-4, max = 1e-1}");
  if (settings.search == Search::quasi_random && settings.space.size() > most_sobol_dimensions)
    refuse(fmt::format(
        "{}sweep.search = \"quasi_random\" takes up to {} hyperparameters, and sweep.space has {}; use \"random\"",
        config.place_of("sweep.search"), most_sobol_dimensions, settings.space.size()));
  if (settings.folds == 1)
    refuse(config.place_of("sweep.folds") +
           "sweep.folds = 1 leaves no row to train on; use 2 or more, or 0 to validate as data.validation says");
  if (settings.folded() && config.data.fold.any())
    refuse(
        fmt::format("{}data.fold = {} is one of the folds that sweep.folds = {} makes; leave out the one or the other",
                    config.place_of("data.fold"), config_text::value(config.data.fold), settings.folds));
  if (learns(settings.search)) placed(config, "sweep.round", [&] { check_round(settings); });
  placed(config, "sweep.metric", [&] { check_metric(settings, config); });
  if (settings.population.enabled()) placed(config, "sweep.population", [&] { check_population(settings, config); });
  if (!settings.successive_halving.enabled) return;
  std::string key = "sweep.successive_halving.enabled";
  for (const char* other : {"sweep.successive_halving.eta", "sweep.successive_halving.min_epochs"}) {
    if (config.place_of(key).empty()) key = other;  // which turned it on
  }
  placed(config, key, [&] { check_halving(settings, config); });
}

std::string obstacle(const SweepSettings& before, const SweepSettings& now) {
  const auto differ = [](const std::string& key, const auto& was, const auto& is) {
    return fmt::format("sweep.{} = {} is not what it was begun with ({})", key, is, was);
  };
  const bool halved = before.successive_halving.enabled || now.successive_halving.enabled;
  const bool open_ended = !halved && !now.population.enabled() &&
                          (now.search == Search::random || now.search == Search::quasi_random || learns(now.search));
  if (before.search != now.search) return differ("search", to_string(before.search), to_string(now.search));
  if (before.metric != now.metric) return differ("metric", to_string(before.metric), to_string(now.metric));
  if (learns(now.search) && before.round != now.round) return differ("round", before.round, now.round);
  if (halved && before.successive_halving != now.successive_halving)
    return "sweep.successive_halving is not what it was begun with";
  if (before.population.members != now.population.members)
    return differ("population", before.population.members, now.population.members);
  if (now.population.enabled() && before.population.generation != now.population.generation)
    return differ("generation", before.population.generation, now.population.generation);
  if (now.population.enabled() && before.population.exploit != now.population.exploit)
    return differ("exploit", before.population.exploit, now.population.exploit);
  if (before.folds != now.folds) return differ("folds", before.folds, now.folds);
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

std::string to_string(Search search) { return config_words::text(search); }
bool learns(Search search) { return search == Search::bayesian || search == Search::tpe; }

std::int64_t default_round(const SweepSettings& settings, std::int64_t groups) {
  return std::clamp<std::int64_t>(2 * groups, 1, std::max<std::int64_t>(1, settings.trials / 4));
}

std::string to_string(Metric metric) { return config_words::text(metric); }

std::string short_name(Metric metric) {
  const std::string name = to_string(metric);
  return name.substr(name.find('.') + 1);
}

bool is_loss(Metric metric) { return metric == Metric::validation_loss || metric == Metric::train_loss; }

bool is_of_classes(Metric metric) { return !is_loss(metric) && !is_of_numbers(metric); }

bool is_of_several_classes(Metric metric) {
  return metric == Metric::validation_accuracy || metric == Metric::validation_auc ||
         metric == Metric::validation_average_precision;
}

bool is_of_numbers(Metric metric) {
  return metric == Metric::validation_rmse || metric == Metric::validation_mae || metric == Metric::validation_r2;
}

bool higher_is_better(Metric metric) { return is_of_classes(metric) || metric == Metric::validation_r2; }

}  // namespace shoal
