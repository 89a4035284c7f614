#include "tune/sweep_start.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <numeric>
#include <span>
#include <sstream>
#include <thread>

#include "shoal/comm/alike.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/config/difference.hpp"
#include "shoal/config/keys.hpp"
#include "shoal/core/json.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/folds.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/data_check.hpp"
#include "shoal/train/held_data.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/train/same_data.hpp"
#include "shoal/tune/search_space.hpp"
#include "tune/search_plan.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr double set_apart = 0.1;  // of train, where nothing else is there to validate on

constexpr std::int64_t usual_folds = 5;

void make_cross_validation(Config& config) {
  const SweepSettings& was = config.sweep;
  SweepSettings one;
  one.trials = 1;
  one.metric = was.metric;
  one.ranks_per_trial = was.ranks_per_trial;
  one.folds = was.folded() ? was.folds : usual_folds;
  one.final_fit = was.final_fit == FinalFit::yes ? FinalFit::yes : FinalFit::no;
  if (!was.space.empty()) log_info("[sweep.space] is not searched: the config itself is cross-validated");
  config.sweep = one;
}

/// Trials are compared by train.metric, where it alone was given.
void compare_by_train_metric(Config& config) {
  if (!config.places.contains("train.metric") || config.places.contains("sweep.metric")) return;
  config.sweep.metric = config.train.metric;
  config.places["sweep.metric"] = config.place_of("train.metric");
}

/// The config to go on with: the sweep's own, or the one given, which must agree in all that reaches the results.
Config continued_config(const SweepRequest& request, const std::string& folder) {
  const std::string path = SweepPaths{folder}.config();
  Config kept = parse_config(read_text(path), path, "/");
  const bool told = kept.places.contains("data.normalize_targets");
  take_targets_as_before(kept);
  Config wanted =
      request.config ? load_config(request.config, request.sets) : parse_config(to_toml(kept), path, "/", request.sets);
  if (!told) take_targets_as_before(wanted);
  if (request.cross_validates) make_cross_validation(wanted);
  count_members(wanted);
  compare_by_train_metric(wanted);
  if (wanted.sweep.round == 0) wanted.sweep.round = kept.sweep.round;
  for (const std::string& key : differing_keys(kept, wanted)) {
    std::string wrong;
    if (key.starts_with("sweep.")) {
      wrong = obstacle(kept.sweep, wanted.sweep);
    } else if (!changes_no_bit(key, wanted) || key == "train.evaluate_every") {
      const ConfigDifference change = first_difference(wanted, kept, key);
      wrong = fmt::format("{} = {} is not what it was begun with ({})", change.place, change.first, change.second);
    }
    if (!wrong.empty())
      throw Error(ExitStatus::usage, fmt::format("the sweep in {} cannot go on: {}; leave it as it was, or begin "
                                                 "another sweep",
                                                 folder, wrong));
  }
  return wanted;
}

/// The two splits of a file are no one's rows together.
void check_final_fit(const SweepTask& task) {
  const bool apart = !task.base.data.fold.any() && !std::holds_alternative<double>(task.base.data.validation);
  if (!task.settings.fits_finally() || task.settings.folded() || !task.data.validation || !apart) return;
  throw Error(ExitStatus::usage,
              fmt::format("{}sweep.final_fit trains on the rows to train and to validate on together, and the split "
                          "\"{}\" of {} stands apart; use data.validation = 0.1, or sweep.folds, or leave it out",
                          task.base.place_of("sweep.final_fit"), task.data.validation_name, task.base.data.file));
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
  const Split train = dataset.split("train");
  const FoldPlan plan = plan_folds(train, config.sweep.folds, split_seed_of(config), dataset.class_names());
  log_info(fmt::format("{} folds of the {} of train{}{}", config.sweep.folds, counted(train.rows(), "row"),
                       plan.grouped         ? ", of whole groups"
                       : train.has_labels() ? ", by class"
                                            : "",
                       dataset.has("validation") ? "; the split validation is not used" : ""));
  if (!plan.note.empty()) log_warning(plan.note);
  const std::string idle = value_text(config, "data.validation");
  if (!std::holds_alternative<std::monostate>(config.data.validation))
    log_warning(fmt::format("{}data.validation = {} has no effect: sweep.folds says which rows validate",
                            config.place_of("data.validation"), idle));
}

std::string fingerprint(const SweepTask& task) {
  const std::string names = Json(task.data.description.class_names).text();
  return fmt::format("content {}\nkernel_hash {}\nclasses {}\n", task.data.description.content, kernel_hash(), names);
}

/// What a run reads and a trial does not, as config_keys::Idle says it; empty: it acts.
std::string idle_in_trials(const std::string& key, bool stops_early) {
  if (key == "train.metric" && !stops_early)
    return "has no effect: trials are compared by sweep.metric, after their last epoch, and train.early_stopping is "
           "off";
  if (key == "train.log_every" || key == "train.tensorboard") return "has no effect: trials write no metrics.jsonl";
  if (key.starts_with("checkpoint.")) return "has no effect: trials are saved at their end, and where they are stopped";
  return "";
}

/// What a fingerprint says of `what`; nothing where it is of a version that did not say so.
std::string part_of(const std::string& fingerprint, const std::string& what) {
  std::istringstream lines(fingerprint);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(what + " ")) return line.substr(what.size() + 1);
  }
  return "";
}

}  // namespace

SweepRequestPlan resolve(const SweepRequest& request) {
  SweepRequestPlan plan;
  const std::string command = request.cross_validates ? "cv" : "sweep";
  const std::string usual =
      request.config ? "runs/" + fs::path(*request.config).stem().string() + (request.cross_validates ? "-cv" : "")
                     : "runs/" + command;
  plan.folder = request.run      ? *request.run
                : request.resume ? RunDirectory::last_of(usual, SweepDirectory::has_sweep)
                                 : usual;
  if (plan.folder != request.run.value_or(usual))
    log_info(fmt::format("{} is the last sweep of that name; another is gone on with by --run", plan.folder));
  if (request.resume && !request.config && !request.run)
    throw Error(
        ExitStatus::usage,
        fmt::format("--resume needs a CONFIG or --run, to know which sweep; for example: shoal {} --run runs/digits "
                    "--resume",
                    command));
  plan.goes_on = request.resume && SweepDirectory::has_sweep(plan.folder);
  if (plan.goes_on) {
    plan.config = continued_config(request, plan.folder);
    return plan;
  }
  if (request.resume && !request.config && request.sets.empty())
    throw Error(ExitStatus::no_input,
                fmt::format("there is no sweep in {} to go on with; name its folder with --run, or give a CONFIG",
                            plan.folder));
  plan.config = load_config(request.config, request.sets);
  if (request.cross_validates) make_cross_validation(plan.config);
  if (plan.config.data.file.empty())
    throw Error(
        ExitStatus::usage,
        request.config
            ? *request.config + " does not set data.file; name a data set, see shoal import --help"
            : fmt::format("no CONFIG given and no --set data.file=...; for example: shoal {} digits.toml", command));
  count_members(plan.config);
  compare_by_train_metric(plan.config);
  check_sweep(plan.config);  // before the folder is looked at: a mistake in it is the user's first concern
  if (!request.run && !request.resume) {
    plan.folder = RunDirectory::next_free(usual);
    plan.folder_base = usual;
  } else {
    SweepDirectory::require_vacant(plan.folder);
  }
  check_new_folder(plan.folder, NewFolder::sweep);
  return plan;
}

SweepTask prepare(const Config& config, Communicator& comm) {
  std::optional<SweepTask> task;
  run_together(comm, [&] { check_sweep(config); });
  const Dataset dataset = open_together(config.data.file, comm);
  run_together(comm, [&] {
    Config base = config;
    base.sweep = {};
    if (std::holds_alternative<std::monostate>(base.data.validation) && !dataset.has("validation"))
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
    check_final_fit(*task);
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

void check_folder(const std::string& claims, const Communicator& world) {
  constexpr int most_looks = 20;  // network file systems may show new folders late
  std::error_code none;
  bool there = fs::exists(claims, none);
  for (int look = 1; !there && look < most_looks; ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    there = fs::exists(claims, none);
  }
  require_alike(world, "the folder of the sweep", there ? "there is " + claims : "there is no " + claims,
                ExitStatus::input_output, "name a folder that all hosts share with --run");
}

std::string too_few_trials_line(const SweepSettings& settings) {
  const std::int64_t least = SearchPlan::trials_to_choose(settings);
  if (settings.trials >= least) return "";
  return fmt::format(
      "sweep.search = \"{}\" needs {} trials or more to choose by results: with sweep.trials = {} all "
      "are of its first round, which is {}",
      to_string(settings.search), least, settings.trials, learns(settings.search) ? "spread evenly" : "random");
}

std::vector<std::string> idle_lines(const SweepTask& task) {
  const auto& space = task.settings.space;
  const SearchPlan plan(task.settings, task.base.seed, task.base.train.epochs);
  const auto config_of = [&](const Place& place) { return task.config_of(place, task.settings.folded() ? 1 : 0); };
  const Config first = config_of(plan.places().front());
  std::vector<std::pair<const config_keys::Key*, std::string>> idle;  // and its line
  for (const config_keys::Key* key : config_keys::given(first)) {
    const bool searched =
        std::any_of(space.begin(), space.end(), [&](const Dimension& d) { return d.key == key->name; });
    const std::string line = config_keys::idle_line(*key, first);
    if (!searched && !line.empty()) idle.emplace_back(key, first.place_of(key->name) + line);
  }
  for (const Dimension& d : space) {
    const config_keys::Key* key = config_keys::find(d.key);
    const std::string words = config_keys::idle(*key, first);
    if (!words.empty())
      idle.emplace_back(
          key, fmt::format("{}sweep.space.\"{}\" {}", task.base.place_of("sweep.space." + d.key), d.key, words));
  }
  for (auto place = plan.places().begin() + 1; place != plan.places().end() && !idle.empty(); ++place) {
    const Config config = config_of(*place);
    std::erase_if(idle, [&](const auto& one) { return config_keys::idle(*one.first, config).empty(); });
  }
  std::vector<std::string> lines;
  Config whole = task.base;
  whole.sweep = task.settings;
  for (const config_keys::Key* key : config_keys::given(whole)) {
    if (space.empty() || !key->name.starts_with("sweep.") || key->name == "sweep.space") continue;
    if (std::string line = config_keys::idle_line(*key, whole); !line.empty())
      lines.push_back(whole.place_of(key->name) + line);
  }
  for (auto& [key, line] : idle) lines.push_back(std::move(line));
  const bool stops_early = std::any_of(plan.places().begin(), plan.places().end(), [&](const Place& place) {
    return config_of(place).train.early_stopping.patience > 0;
  });
  for (const config_keys::Key* key : config_keys::given(whole)) {
    if (key->name == "train.metric" && whole.train.metric == whole.sweep.metric) continue;  // as it was meant
    if (const std::string words = idle_in_trials(key->name, stops_early); !words.empty())
      lines.push_back(
          fmt::format("{}{} = {} {}", whole.place_of(key->name), key->name, value_text(*key, whole), words));
  }
  if (!stops_early && std::any_of(space.begin(), space.end(), [](const auto& d) { return d.key == "train.metric"; }))
    lines.push_back(fmt::format("{}sweep.space.\"train.metric\" {}", task.base.place_of("sweep.space.train.metric"),
                                idle_in_trials("train.metric", stops_early)));
  return lines;
}

SweepDirectory take_folder(const SweepRequestPlan& plan, const SweepTask& task) {
  SweepDirectory directory = plan.goes_on ? SweepDirectory::open(plan.folder)
                             : plan.folder_base.empty()
                                 ? SweepDirectory::create(plan.folder)
                                 : SweepDirectory::create(RunDirectory::make_next(plan.folder_base));
  const SweepPaths& paths = directory.paths();
  const std::string mine = fingerprint(task);
  std::vector<std::pair<std::string, std::string>> files;
  if (plan.goes_on) {
    const std::string kept = read_text(paths.fingerprint());
    const auto differs = [&](const std::string& what) { return part_of(kept, what) != part_of(mine, what); };
    if (differs("content"))
      throw Error(ExitStatus::bad_data,
                  fmt::format("the sweep in {} was begun on other data than {}; name the same data with data.file",
                              plan.folder, plan.config.data.file));
    if (!part_of(kept, "classes").empty() && differs("classes"))
      throw Error(
          ExitStatus::bad_data,
          fmt::format("the classes of {} are called {}, and were called {} when the sweep in {} was begun; name "
                      "the data as it was with data.file",
                      plan.config.data.file, part_of(mine, "classes"), part_of(kept, "classes"), plan.folder));
    if (differs("kernel_hash"))
      log_warning(
          fmt::format("this processor or build does not compute the bits of the one that began the sweep in {}; its "
                      "trials are not alike",
                      plan.folder));
  } else {
    files.emplace_back(paths.fingerprint(), mine);
  }
  files.emplace_back(paths.config(), to_toml(plan.config));  // last: from here on the folder holds a sweep
  directory.write(files);
  return directory;
}

}  // namespace shoal
