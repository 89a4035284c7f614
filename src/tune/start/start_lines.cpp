#include "tune/start/start_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shoal/config/keys.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "tune/sampler.hpp"
#include "tune/search_plan.hpp"

namespace shoal {
namespace {

/// What a run reads and a trial does not, as config_keys::Idle says it; empty: it acts.
std::string idle_in_trials(const std::string& key, bool stops_early) {
  if (key == "train.metric" && !stops_early)
    return "has no effect: trials are compared by sweep.metric, after their last epoch, and train.early_stopping is "
           "off";
  if (key == "train.log_every" || key == "train.tensorboard") return "has no effect: trials write no metrics.jsonl";
  if (key.starts_with("checkpoint.")) return "has no effect: trials are saved at their end, and where they are stopped";
  return "";
}

/// The first of its models, where there are folds.
Config config_of(const SweepTask& task, const Place& place) {
  return task.config_of(place, task.settings.folded() ? 1 : 0);
}

bool searches(const SweepTask& task, const std::string& key) {
  const auto& space = task.settings.space;
  return std::any_of(space.begin(), space.end(), [&](const Dimension& d) { return d.key == key; });
}

/// Of the keys that trials read, those that act in none of them as they say.
std::vector<std::string> idle_in_all_trials(const SweepTask& task, const std::vector<Place>& places) {
  const Config first = config_of(task, places.front());
  std::vector<std::pair<const config_keys::Key*, std::string>> idle;  // and its line
  for (const config_keys::Key* key : config_keys::given(first)) {
    const std::string line = config_keys::idle_line(*key, first);
    if (!searches(task, key->name) && !line.empty()) idle.emplace_back(key, first.place_of(key->name) + line);
  }
  for (const Dimension& d : task.settings.space) {
    const config_keys::Key* key = config_keys::find(d.key);
    const std::string words = config_keys::idle(*key, first);
    if (!words.empty())
      idle.emplace_back(
          key, fmt::format("{}sweep.space.\"{}\" {}", task.base.place_of("sweep.space." + d.key), d.key, words));
  }
  for (auto place = places.begin() + 1; place != places.end() && !idle.empty(); ++place) {
    const Config config = config_of(task, *place);
    std::erase_if(idle, [&](const auto& one) { return config_keys::idle(*one.first, config).empty(); });
  }
  std::vector<std::string> lines;
  lines.reserve(idle.size());
  for (auto& [key, line] : idle) lines.push_back(std::move(line));
  return lines;
}

/// Of the keys of the sweep itself.
std::vector<std::string> idle_in_the_sweep(const Config& whole) {
  std::vector<std::string> lines;
  if (whole.sweep.space.empty()) return lines;
  for (const config_keys::Key* key : config_keys::given(whole)) {
    if (!key->name.starts_with("sweep.") || key->name == "sweep.space") continue;
    if (std::string line = config_keys::idle_line(*key, whole); !line.empty())
      lines.push_back(whole.place_of(key->name) + line);
  }
  return lines;
}

/// Of the keys that runs read, and trials do not.
std::vector<std::string> idle_unless_a_run(const SweepTask& task, const Config& whole, bool stops_early) {
  std::vector<std::string> lines;
  for (const config_keys::Key* key : config_keys::given(whole)) {
    if (key->name == "train.metric" && whole.train.metric == whole.sweep.metric) continue;  // as it was meant
    if (const std::string words = idle_in_trials(key->name, stops_early); !words.empty())
      lines.push_back(
          fmt::format("{}{} = {} {}", whole.place_of(key->name), key->name, value_text(*key, whole), words));
  }
  if (!stops_early && searches(task, "train.metric"))
    lines.push_back(fmt::format("{}sweep.space.\"train.metric\" {}", task.base.place_of("sweep.space.train.metric"),
                                idle_in_trials("train.metric", stops_early)));
  return lines;
}

/// A line for each key that was set, or is searched, and in no trial acts as it says. Those of the first round are
/// asked.
std::vector<std::string> idle_lines(const SweepTask& task) {
  const SearchPlan plan(task.settings, task.base.seed, task.base.train.epochs);
  Config whole = task.base;
  whole.sweep = task.settings;
  const bool stops_early = std::any_of(plan.places().begin(), plan.places().end(), [&](const Place& place) {
    return config_of(task, place).train.early_stopping.patience > 0;
  });
  std::vector<std::string> lines;
  for (const auto& some :
       {idle_in_the_sweep(whole), idle_in_all_trials(task, plan.places()), idle_unless_a_run(task, whole, stops_early)})
    lines.insert(lines.end(), some.begin(), some.end());
  return lines;
}

std::string start_line(const SweepTask& task, const Communicator& world) {
  const SweepSettings& s = task.settings;
  const std::string rounds = learns(s.search) ? " in rounds of " + std::to_string(s.round) : "";
  const std::string models = s.folded() ? fmt::format(" of {} models each", s.folds) : "";
  const std::int64_t generation = s.population.epochs_of_generation(task.base.train.epochs);
  const std::string what = s.population.enabled() ? fmt::format("a population of {} in generations of {}",
                                                                s.population.members, counted(generation, "epoch"))
                                                  : counted(s.trials, "trial");
  if (s.space.empty())
    return fmt::format("{}{}; {}, {} a model; {}", what, models, counted(world.size(), "rank"),
                       std::min<std::int64_t>(s.ranks_per_trial, world.size()),
                       counted(task.data.train.rows(), "sample"));
  return fmt::format("{}{} ({}{}{}) over {}, compared by {}; {}, {} a trial; {}", what, models, to_string(s.search),
                     rounds, s.successive_halving.enabled ? " with successive halving" : "",
                     counted(static_cast<std::int64_t>(s.space.size()), "hyperparameter"), to_string(s.metric),
                     counted(world.size(), "rank"), std::min<std::int64_t>(s.ranks_per_trial, world.size()),
                     counted(task.data.train.rows(), "sample"));
}

/// Empty where no two trials are known to be equal.
std::string taken_over_line(const SweepTask& task) {
  const SearchPlan plan(task.settings, task.base.seed, task.base.train.epochs);
  if (plan.taken_over() == 0) return "";
  const auto trials = static_cast<std::int64_t>(plan.places().size());
  return fmt::format("{}{} with the values of an earlier one {} its result: {} trained, {} taken over",
                     counted(plan.taken_over(), "trial"), plan.rounds() > 1 ? " of the first round" : "",
                     plan.taken_over() == 1 ? "takes" : "take", trials - plan.taken_over(), plan.taken_over());
}

}  // namespace

std::string too_few_trials_line(const SweepSettings& settings) {
  const std::int64_t least = SearchPlan::trials_to_choose(settings);
  if (settings.trials >= least) return "";
  return fmt::format(
      "sweep.search = \"{}\" needs {} trials or more to choose by results: with sweep.trials = {} all "
      "are of its first round, which is {}",
      to_string(settings.search), least, settings.trials, learns(settings.search) ? "spread evenly" : "random");
}

void say_start(const SweepTask& task, bool goes_on, const Communicator& world) {
  if (world.rank() != 0) return;
  log_info(start_line(task, world));
  if (const std::string line = world.crowding(); !line.empty()) log_warning(line);
  if (!goes_on) {
    say_notes(task.settings.folded() ? std::span(task.folds) : std::span(&task.data, 1));
    for (const std::string& line : idle_lines(task)) log_warning(line);
    if (const std::string line = too_few_trials_line(task.settings); !line.empty()) log_warning(line);
  }
  if (task.settings.search == Search::grid) log_info(grid_line(task.settings));
  if (task.base.train.early_stopping.patience > 0)
    log_info(
        "trials count by their last evaluation, also where train.early_stopping ends them; their best is not kept");
  if (const std::string line = taken_over_line(task); !line.empty()) log_info(line);
}

}  // namespace shoal
