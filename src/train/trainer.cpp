#include "shoal/train/trainer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <span>

#include "shoal/comm/alike.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/io/file.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/data_check.hpp"
#include "shoal/train/held_data.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/train/progress.hpp"
#include "shoal/train/progress_state.hpp"
#include "shoal/train/same_data.hpp"
#include "shoal/train/training.hpp"

namespace shoal {

namespace {

/// What a file would say that asks for the same.
Config config_of_fit(const Model& model, const OptimizerSettings& optimizer, const std::string& file,
                     const FitOptions& options) {
  Config config;
  config.seed = options.seed;
  config.data.file = file;
  config.data.batch_size = options.batch_size;
  config.data.validation = options.validation;
  config.data.train = options.train;
  config.data.normalize = options.normalize;
  config.data.normalize_targets = options.normalize_targets;
  config.data.one_hot = options.one_hot;
  config.data.unseen_rate = options.unseen_rate;
  config.data.augment = options.augment;
  config.model.layers = model.layers();
  config.model.loss = model.loss_kind().settings();
  config.model.batch_norm.running = options.exact_statistics ? "exact" : "average";
  config.optimizer = optimizer;
  config.schedule = options.schedule;
  config.train.epochs = options.epochs;
  config.train.early_stopping = options.early_stopping;
  config.train.class_weights = options.class_weights;
  config.train.metric = options.metric;
  config.train.average_decay = options.average_decay;
  config.parallel.leaves = options.leaves;
  return config;
}

/// A user's model with the layers before it that encode the columns of a table.
/// @throws Error(usage)  when it does not take what the data give
Model behind_encoding(const Model& model, const Config& config, const TrainingData& data) {
  const std::int64_t features = data.train.features();
  const Model expected = make_model(config, data);
  if (features != model.inputs() || expected.outputs() != model.outputs())
    throw Error(ExitStatus::usage, fmt::format("the model has {} inputs and {} outputs, the data {} and {}",
                                               model.inputs(), model.outputs(), features, expected.outputs()));
  const ValueShape& own = model.input().shape();
  const ValueShape& needed = expected.input().shape();
  if ((own.rows > 1 || needed.rows > 1) && own != needed)
    throw Error(ExitStatus::usage, fmt::format("the model takes {}, and the data give its layers {}; make it of that",
                                               to_string(own), to_string(needed)));
  const Encoding encoding = encoding_for(config, data);
  return encoding.columns.empty() ? model : model.behind(layers_for(encoding), encoding.inputs(features));
}

/// Collective. Returns what the last epoch came to.
Evaluation train_to_end(Training& training, bool shown) {
  Progress progress({training.config().train.epochs, training.steps_per_epoch(), 0, training.total_steps()},
                    shown ? choose_progress_style() : ProgressStyle::none);
  Evaluation latest;
  while (!training.finished()) {
    const auto before = std::chrono::steady_clock::now();
    const StepReport report = training.advance({});
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
    if (const auto epoch = training.end_epoch(report)) {
      latest = epoch->result();
      progress.end_epoch(progress_state(report, seconds, *epoch));
    } else {
      progress.step(progress_state(report, seconds));
    }
  }
  return training.finish().value_or(latest);
}

}  // namespace

struct Trainer::State {
  Model model;
  OptimizerSettings optimizer;
  Communicator& comm;
  std::unique_ptr<Training> training;

  Training& trained() {
    if (training == nullptr) throw Error(ExitStatus::usage, "Trainer: nothing is trained yet; call fit() first");
    return *training;
  }
};

Trainer::Trainer(const Model& model, const OptimizerSettings& optimizer, Communicator& comm)
    : state_(new State{model, optimizer, comm, nullptr}) {
  set_threads(comm.threads_for_this_rank());
}
Trainer::Trainer(Trainer&&) noexcept = default;
Trainer::~Trainer() = default;

Evaluation Trainer::fit(const Dataset& data, const FitOptions& options) {
  const Config config = config_of_fit(state_->model, state_->optimizer, data.path(), options);
  Communicator& comm = state_->comm;
  const Watchdog watchdog(comm, config.parallel.stall_timeout);
  std::optional<Doing> doing(std::in_place, Activity::starting);
  check_environment(comm);
  check_kernels(comm);
  require_same_data(data, comm);
  Config common = config;
  common.data.file.clear();  // each may have it elsewhere
  require_alike(comm, "what Trainer::fit was asked for", to_toml(common), ExitStatus::usage,
                "give all ranks the same model and options");
  std::optional<TrainingData> selected;
  run_together(comm, [&] {
    check_config(config);
    selected = select_data(data, config);
  });
  hold_rows(*selected, comm);
  learn_columns(*selected, comm);
  say_notes(std::span(&*selected, 1));
  run_together(comm, [&] {
    const Model model = behind_encoding(state_->model, config, *selected);
    state_->training = std::make_unique<Training>(config, model, *selected, comm);
  });
  state_->training->allocate();
  state_->training->start();
  doing.reset();
  return train_to_end(*state_->training, comm.rank() == 0 && !options.quiet);
}

Evaluation Trainer::evaluate(const Dataset& data, const std::string& split) {
  Training& training = state_->trained();
  const Watchdog watchdog(state_->comm, training.config().parallel.stall_timeout);
  const Doing doing(Activity::evaluating);
  require_same_data(data, state_->comm, split);
  std::optional<Split> rows;
  ColumnMatch match;
  run_together(state_->comm, [&] {
    rows = data.split(split);
    match = match_features(data, *rows, training.encoding(), training.data().description, "the model");
    for (const std::string& line : match_lines(match, data, training.data().description)) log_info(line);
    if (const std::string note = note_on_units(data, training.data().description); !note.empty()) log_warning(note);
    check_targets(data, *rows, training.data().description, training.model(), "the model");
    if (const std::string note = note_on_targets(data, training.data().description, "the model"); !note.empty())
      log_warning(note);
  });
  const bool as_trained = match.source.empty() && training.encoding().columns.empty();
  return training.evaluate(*rows, true, as_trained ? nullptr : &match);
}

void Trainer::save(const std::string& path) {
  Training& training = state_->trained();
  const Watchdog watchdog(state_->comm, training.config().parallel.stall_timeout);
  const Doing doing(Activity::saving);
  Archive archive = training.snapshot();
  run_together(state_->comm, [&] {
    if (state_->comm.rank() != 0) return;
    FileBytes bytes;
    encode_checkpoint(archive, bytes);
    write_atomically(path, bytes);
  });
}

std::string Trainer::digest() {
  Training& training = state_->trained();
  const Watchdog watchdog(state_->comm, training.config().parallel.stall_timeout);
  const Doing doing(Activity::saving);
  const Archive archive = training.snapshot();
  std::string text = state_->comm.rank() == 0 ? shoal::digest(archive) : "";
  state_->comm.broadcast_string(text);
  return text;
}

}  // namespace shoal
