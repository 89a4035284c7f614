#include "tune/trial.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <new>
#include <string_view>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/loaded_checkpoint.hpp"
#include "tune/folds/folds.hpp"

namespace shoal {
namespace {

std::optional<double> finite(std::optional<double> value) {
  return value && std::isfinite(*value) ? value : std::nullopt;
}

/// Thrown where a checkpoint cannot be written: no fault of the trial.
struct WriteFailure {
  Error error;
};

/// Whether the training of the task, where it has come to the step of the checkpoint, is what the checkpoint holds.
/// @param content  of the data that it is trained on
bool leads_there(const Archive& archive, const TrialTask& task, const std::string& content, bool own) try {
  const std::optional<Outcome> before = parse_outcome(archive.text(CheckpointNames::trial));
  if (!before || before->rung > task.rung || before->fold != task.fold || (own && before->trial != task.trial))
    return false;
  if (archive.attribute<std::string>(CheckpointNames::content) != content) return false;
  const auto keys = differing_keys(read_config(archive), task.config);
  const std::int64_t step = read_progress(archive).step;
  return NudgeJournal::parse(archive.text(CheckpointNames::journal), archive.name).up_to(step) ==
             task.journal.up_to(step) &&
         std::all_of(keys.begin(), keys.end(), [&](const auto& key) { return changes_no_bit(key, task.config); });
} catch (const Error&) {
  return false;
}

/// Collective. What an earlier rung or an interrupted job left. A checkpoint that is missing, damaged or of something
/// else costs time, not bits: the trial starts anew.
std::optional<Archive> find_start(const TrialTask& task, const std::string& content, const Communicator& comm) {
  std::optional<LoadedCheckpoint> loaded;
  std::vector<std::string> files = {task.checkpoint};
  files.insert(files.end(), task.sources.begin(), task.sources.end());
  for (auto file = files.begin(); comm.rank() == 0 && !loaded && file != files.end(); ++file) {
    try {
      loaded = load_checkpoint(*file);
      if (!leads_there(loaded->archive, task, content, file == files.begin())) loaded.reset();
    } catch (const Error&) {
      loaded.reset();
    }
  }
  return share_checkpoint(std::move(loaded), comm);
}

class Trial {
 public:
  Trial(const TrialTask& task, const TrainingData& data, const TrialHooks& hooks, Communicator& comm, Outcome& outcome)
      : task_(task),
        hooks_(hooks),
        comm_(comm),
        outcome_(outcome),
        start_(find_start(task, data.description.content, comm)) {
    // Before the parameters are made: a batch that cannot be, a model that does not fit the data.
    run_together(comm, [&] {
      const Config config = task.journal.config_at(task.config, start_ ? read_progress(*start_).step : 0);
      check_config(config);
      check_memory(config, data);
      training_.emplace(config, make_model(config, data), data, comm);
    });
    training_->allocate();
    if (!stands_apart(task.metric)) training_->want_metrics();
  }

  /// False when it was stopped.
  bool train();
  void save();

 private:
  void begin();
  void apply_changes();
  bool reached() const;
  void measure(const StepReport& report);

  const TrialTask& task_;
  const TrialHooks& hooks_;
  Communicator& comm_;
  Outcome& outcome_;
  std::optional<Archive> start_;  // until it is taken
  std::optional<Training> training_;
};

void Trial::begin() {
  if (!start_) {
    training_->start();
    return;
  }
  run_together(comm_, [&] { training_->restore(*start_); });
  if (const auto before = parse_outcome(start_->text(CheckpointNames::trial))) outcome_.curve = before->curve;
  start_.reset();
}

/// As a run applies nudges, so that a replay has the same bits.
void Trial::apply_changes() {
  const std::int64_t next = training_->progress().step + 1;
  if (!task_.journal.acts_on(next)) return;
  const Config config = task_.journal.config_at(task_.config, next);
  run_together(comm_, [&] { check_config(config); });
  training_->reconfigure(config);
}

bool Trial::reached() const {
  if (training_->finished()) return true;
  return !task_.rung_ends.empty() &&
         training_->progress().step >= task_.rung_ends.back() * training_->steps_per_epoch();
}

/// As `shoal train` does at the end of an epoch, so that early stopping stops both at one step.
void Trial::measure(const StepReport& report) {
  const auto& ends = task_.rung_ends;
  // Also where the last rows had no weight, so that the training itself has nothing to judge by: it counts by this.
  const bool wanted = training_->finished() || std::find(ends.begin(), ends.end(), report.epoch) != ends.end();
  std::optional<EpochReport> epoch = training_->end_epoch(report, wanted);
  if (!epoch || (!epoch->judged && !wanted)) return;
  if (training_->finished()) {
    if (const auto refined = training_->finish()) epoch->validation = refined;
  }
  CurvePoint point{report.epoch, finite(epoch->average.loss), finite(epoch->average.accuracy), {}, {}};
  if (epoch->validation) {
    point.validation_loss = finite(epoch->validation->loss);
    point.validation_accuracy = finite(epoch->validation->accuracy);
    if (!stands_apart(task_.metric)) point.metric = finite(value_of(task_.metric, *epoch->validation));
    if (!stands_apart(task_.metric) && !point.metric)
      throw SharedError(ExitStatus::bad_data, fmt::format("{} cannot be told of the split \"{}\"",
                                                          to_string(task_.metric), training_->data().validation_name));
  }
  outcome_.curve.push_back(point);
}

bool Trial::train() {
  SHOAL_FAULT_POINT("trial");
  begin();
  while (!reached()) {
    apply_changes();
    const StepReport report = training_->advance({hooks_.stop() ? 1.0 : 0.0});
    measure(report);
    if (report.requests[0] > 0.0 && !reached()) return false;
  }
  if (!training_->parameters_finite()) throw SharedError(ExitStatus::diverged, "parameters are not finite");
  // The final fit is compared with nothing.
  if (task_.fold == final_fit_fold) return true;
  if (!outcome_.curve.empty() && metric_at(outcome_.curve.back(), task_.metric)) return true;
  const char* also = task_.metric == Metric::train_loss ? ", or no row of the last epoch has a weight" : "";
  throw SharedError(ExitStatus::diverged, to_string(task_.metric) + " is not finite" + also);
}

void Trial::save() {
  Archive archive = training_->snapshot();
  if (comm_.rank() != 0) return;
  SHOAL_FAULT_POINT("trial_save");
  archive.texts[CheckpointNames::trial] = to_json_line(outcome_);
  archive.texts[CheckpointNames::config] = to_toml(task_.config);
  archive.texts[CheckpointNames::journal] = task_.journal.text();
  try {
    FileBytes bytes;
    encode_checkpoint(archive, bytes);
    write_soon(task_.checkpoint, bytes);  // a trial without its checkpoint is trained again
  } catch (const Error& error) {
    throw WriteFailure{error};
  }
}

/// A disk that fails says nothing of the hyperparameters, and a trial that is tried again may succeed.
bool is_the_trials_own(const Error& error) {
  return error.status() != ExitStatus::input_output && error.status() != ExitStatus::no_input &&
         error.status() != ExitStatus::taken;
}

/// How long a place is that a text begins with, ":3:5: ", of a line and a column; 0: there is none.
std::size_t size_of_place(std::string_view text) {
  std::size_t at = 0;
  for (int number = 0; number < 2; ++number) {
    const std::size_t end = text.find_first_not_of("0123456789", at + 1);
    if (text.substr(at, 1) != ":" || end == std::string_view::npos || end == at + 1) return 0;
    at = end;
  }
  return text.substr(at).starts_with(": ") ? at + 2 : 0;
}

/// What follows the file and place that a message of a config begins with.
std::string_view without_place(std::string_view message) {
  const std::string_view line = message.substr(0, message.find('\n'));
  for (std::size_t at = line.find(':'); at != std::string_view::npos; at = line.find(':', at + 1)) {
    const std::string_view file = line.substr(0, at);
    const std::size_t size = file == "config" || file.ends_with(".toml") ? size_of_place(line.substr(at)) : 0;
    if (size > 0) return message.substr(at + size);
  }
  return message;
}

}  // namespace

std::string portable_reason(std::string reason) {
  reason = std::string(without_place(reason));
  for (std::size_t at = reason.find("-nan"); at != std::string::npos; at = reason.find("-nan")) reason.erase(at, 1);
  return reason;
}

bool holds_trial(const std::string& checkpoint, std::int64_t trial, std::int64_t rung, std::int64_t fold) try {
  const auto outcome = parse_outcome(load_checkpoint(checkpoint).archive.text(CheckpointNames::trial));
  return outcome && outcome->trial == trial && outcome->rung == rung && outcome->fold == fold;
} catch (const Error&) {
  return false;
}

std::optional<Outcome> run_trial(const TrialTask& task, const TrainingData& data, const TrialHooks& hooks,
                                 Communicator& comm) {
  const auto begun = std::chrono::steady_clock::now();
  Outcome outcome;
  outcome.trial = task.trial;
  outcome.rung = task.rung;
  outcome.fold = task.fold;
  const auto fail = [&](const std::string& reason) {
    outcome.failed = true;
    outcome.reason = portable_reason(reason);
  };
  try {
    const Watchdog watchdog(comm, task.config.parallel.stall_timeout, Onlookers::together);
    Trial trial(task, data, hooks, comm, outcome);
    const bool finished = trial.train();
    if (!finished || comm.all_max(comm.rank() == 0 && hooks.wanted(outcome) ? 1 : 0) != 0) trial.save();
    if (!finished) return std::nullopt;
  } catch (const WriteFailure& failure) {
    throw failure.error;
  } catch (const SharedError& error) {
    if (!is_the_trials_own(error)) throw;
    fail(error.what());
  } catch (const Error& error) {
    if (comm.size() > 1 || !is_the_trials_own(error)) throw;
    fail(error.what());
  } catch (const std::bad_alloc&) {
    if (comm.size() > 1) throw;  // the others may wait for this rank
    fail("out of memory");
  } catch (const std::exception& error) {
    if (comm.size() > 1) throw;
    fail(error.what());
  }
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  return outcome;
}

}  // namespace shoal
