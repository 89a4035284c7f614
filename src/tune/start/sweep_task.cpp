#include "tune/start/sweep_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <variant>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/folds.hpp"
#include "shoal/train/data_check.hpp"
#include "shoal/train/held_data.hpp"
#include "shoal/train/same_data.hpp"
#include "shoal/tune/search_space.hpp"
#include "tune/folds/final_fit.hpp"
#include "tune/search_plan.hpp"

namespace shoal {
namespace {

constexpr double set_apart = 0.1;  // of train, where nothing else is there to validate on

/// Whether the rows to train and to validate on can be trained on together: known before the first trial.
void check_final_fit(const SweepTask& task, const Dataset& dataset) {
  if (!task.settings.fits_finally()) return;
  try {
    static_cast<void>(dataset.joined(splits_of_final_fit(task.base, task.data)));
  } catch (const Error& error) {
    throw Error(error.status(), fmt::format("{}sweep.final_fit: {}; or leave it out",
                                            task.base.place_of("sweep.final_fit"), error.what()));
  }
}

void check_metric(const SweepTask& task) {
  const Metric metric = task.settings.metric;
  if (metric == Metric::validation_loss && !task.data.validation)
    throw Error(
        ExitStatus::usage,
        fmt::format("{}sweep.metric = \"{}\" needs data to validate on, and data.validation sets none apart; use "
                    "data.validation = 0.1, or the metric \"train.loss\"",
                    task.base.place_of("sweep.metric"), to_string(metric)));
  const auto& space = task.settings.space;
  const bool one_loss = std::none_of(space.begin(), space.end(), [](const auto& d) { return d.key == "model.loss"; });
  if (one_loss || !task.data.validation) shoal::check_metric(metric, "sweep.metric", task.base, task.data);
  const auto told = [&](const TrainingData& data, const std::string& rows) {
    check_told(metric, "sweep.metric", task.base, data, rows);
  };
  if (!task.settings.folded()) told(task.data, fmt::format("split \"{}\"", task.data.validation_name));
  for (std::size_t fold = 0; fold < task.folds.size(); ++fold) told(task.folds[fold], fmt::format("fold {}", fold + 1));
}

/// A space of which no trial at all can be made is a mistake in the config, not bad luck.
void check_trials(const SweepTask& task) {
  const SearchPlan plan(task.settings, task.base.seed, task.base.train.epochs);
  std::optional<Error> first;
  for (const Place& place : plan.places()) {
    try {
      const Config config = task.config_of(place, task.settings.folded() ? 1 : 0);
      check_config(config);
      check_class_weights(config, task.data);
      check_memory(config, task.data);
      static_cast<void>(make_model(config, task.data));
      return;
    } catch (const Error& error) {
      if (!first) first = error;
    }
  }
  throw Error(first->status(), fmt::format("no trial can be made: {}", first->what()));
}

/// Reads every value once, so that bad data is an error of the sweep and not of each trial.
void check_values(const Split& split, bool probabilities, int rank, int ranks) {
  constexpr std::int64_t rows_at_once = 1024;
  const std::int64_t end = split.rows() * (rank + 1) / ranks;
  for (std::int64_t first = split.rows() * rank / ranks; first < end; first += rows_at_once) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(rows_at_once, end - first)));
    std::iota(rows.begin(), rows.end(), first);
    split.check(rows, true, probabilities);
  }
}

Config in_fold(Config config, std::int64_t fold, std::int64_t folds) {
  if (fold > 0) config.data.fold = {fold, folds};
  return config;
}

/// What folds are made of, and what they leave aside.
void say_folds(const Config& config, const Dataset& dataset) {
  const Split train = rows_to_train_on(dataset, config);
  const FoldPlan plan = plan_folds(train, config.sweep.folds, split_seed_of(config), dataset.class_names());
  log_info(fmt::format("{} folds of the {} of {}{}{}", config.sweep.folds, counted(train.rows(), "row"), train.name(),
                       plan.grouped         ? ", of whole groups"
                       : train.has_labels() ? ", by class"
                                            : "",
                       has_split_to_validate(dataset, config) ? "; the split validation is not used" : ""));
  if (!plan.note.empty()) log_warning(plan.note);
  const std::string idle = value_text(config, "data.validation");
  if (!std::holds_alternative<std::monostate>(config.data.validation))
    log_warning(fmt::format("{}data.validation = {} has no effect: sweep.folds says which rows validate",
                            config.place_of("data.validation"), idle));
}

}  // namespace

SweepTask prepare(const Config& config, Communicator& comm) {
  std::optional<SweepTask> task;
  run_together(comm, [&] { check_sweep(config); });
  const Dataset dataset = open_together(config.data.file, comm);
  run_together(comm, [&] {
    Config base = config;
    base.sweep = {};
    if (std::holds_alternative<std::monostate>(base.data.validation) && !has_split_to_validate(dataset, base))
      base.data.validation = set_apart;
    if (config.sweep.folded()) base.data.validation = {};
    task = SweepTask{base, config.sweep,
                     select_data(dataset, in_fold(base, config.sweep.folded() ? 1 : 0, config.sweep.folds))};
    for (std::int64_t fold = 1; fold <= config.sweep.folds; ++fold)
      task->folds.push_back(fold == 1 ? task->data : select_data(dataset, in_fold(base, fold, config.sweep.folds)));
  });
  if (task->settings.folded()) say_folds(config, dataset);
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    for (const std::string& note : notes_on_data(dataset, task->data, config.data.shuffle_block)) log_warning(note);
    if (config.sweep.fits_finally() && task->data.validates_apart() && task->data.validation_name == "test")
      log_warning("the final fit is trained on the split test, too, which data.validation names: it is no test of it");
  });
  hold_rows(task->settings.folded() ? std::span(task->folds) : std::span(&task->data, 1), comm);
  for (TrainingData& fold : task->folds) learn_columns(fold, comm);
  if (task->settings.folded()) {
    task->data = task->folds.front();
  } else {
    learn_columns(task->data, comm);
  }
  run_together(comm, [&] {
    const Config& base = task->base;
    check_metric(*task);
    check_final_fit(*task, dataset);
    check_trials(*task);
    const bool probabilities = loss_for(base, task->data.train).targets == Loss::Targets::shares;
    check_values(task->data.train, probabilities, comm.rank(), comm.size());
    if (task->data.validation) check_values(*task->data.validation, probabilities, comm.rank(), comm.size());
  });
  return *task;
}

TrainingData prepare_data(const Config& config, Communicator& comm) {
  const Dataset dataset = open_together(config.data.file, comm);
  std::optional<TrainingData> data;
  run_together(comm, [&] { data = select_data(dataset, config); });
  learn_columns(*data, comm);
  return *std::move(data);
}

Config SweepTask::config_of(const Place& place, std::int64_t fold) const {
  return in_fold(trial_config(base, settings.space, place), fold, settings.folds);
}

HostLoad load_of(const Communicator& world, const SweepSettings& settings) {
  const auto together = static_cast<int>(std::min<std::int64_t>(settings.ranks_per_trial, world.size()));
  const int here = world.ranks_on_host();
  return {together, std::min(together, here), (here + together - 1) / together};
}

void check_room(const Config& trial, const TrainingData& data, const HostLoad& load) {
  try {
    check_memory(trial, data);
  } catch (const Error&) {
    return;  // by itself: that trial will fail, and say so
  }
  check_memory(trial, data, load);
}

}  // namespace shoal
