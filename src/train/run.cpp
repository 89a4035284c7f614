#include "shoal/train/run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "shoal/comm/run_together.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/metrics.hpp"
#include "shoal/train/progress.hpp"
#include "train/run_plan.hpp"
#include "train/stop_signal.hpp"
#include "train/training.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

/// What ranks ask each other for with the loss of a step.
enum Request : std::size_t { stop_by_signal, stop_by_time, save_by_time, request_count };

/// A run under way with its directory, which rank 0 alone has.
class Run {
 public:
  Run(Training& training, RunPlan& plan, Communicator& comm)
      : training_(training), plan_(plan), comm_(comm), started_(Clock::now()), saved_(started_) {
    if (comm.rank() != 0) return;
    metrics_.emplace(plan.directory->metrics_path());
  }

  ExitStatus go();
  void save(bool must);

 private:
  std::vector<double> requests() const;
  void record(const StepReport& report, double seconds);
  void record(const std::string& split, const Evaluation& evaluation);
  Evaluation evaluate_epoch(bool epoch_ended);
  bool end_epoch(const StepReport& report, ProgressState& shown);
  bool save_is_due(const StepReport& report) const;
  std::string last_good() const;

  Training& training_;
  RunPlan& plan_;
  Communicator& comm_;
  Clock::time_point started_;
  Clock::time_point saved_;
  std::optional<MetricsWriter> metrics_;
  bool metrics_warned_ = false;
  std::int64_t failures_ = 0;
  std::int64_t saved_step_ = -1;
  std::int64_t good_step_ = -1;
  std::int64_t evaluated_step_ = -1;
};

std::vector<double> Run::requests() const {
  const TrainConfig& train = training_.config().train;
  const double every = training_.config().checkpoint.every_seconds;
  std::vector<double> asked(request_count);
  asked[stop_by_signal] = StopSignal::received() != 0 ? 1.0 : 0.0;
  if (comm_.rank() == 0) {
    asked[stop_by_time] = train.max_seconds > 0.0 && seconds_since(started_) >= train.max_seconds ? 1.0 : 0.0;
    asked[save_by_time] = every > 0.0 && seconds_since(saved_) >= every ? 1.0 : 0.0;
  }
  return asked;
}

std::string Run::last_good() const {
  return good_step_ < 0 ? "no checkpoint was written" : "the last good checkpoint is " + RunDirectory::checkpoint_path(plan_.run, good_step_);
}

/// Collective. A failure is reported and the run goes on with what it has, until give_up failures in a row; one that
/// `must` succeed (the first and the last) ends the run at once.
void Run::save(bool must) {
  if (!training_.parameters_finite())
    throw SharedError(ExitStatus::diverged, fmt::format("parameters are not finite after step {}; lower optimizer.learning_rate or set optimizer.clip_norm",
                                                        training_.progress().step));
  Archive archive = training_.snapshot();
  const std::int64_t step = training_.progress().step;
  std::string fault;
  std::int64_t status = 0;
  if (comm_.rank() == 0) {
    try {
      if (!plan_.parent.empty()) archive.attributes["parent"] = plan_.parent;
      plan_.directory->check_owner();
      const std::string path = plan_.directory->checkpoint_path(step);
      write_atomically(path, encode(archive, static_cast<std::uint64_t>(step)));
      plan_.directory->point_latest(step);
      if (training_.progress().best_step == step) plan_.directory->point_best(step);
      plan_.directory->prune(training_.config().checkpoint.keep);
    } catch (const Error& e) {
      fault = e.what();
      status = static_cast<std::int64_t>(e.status());
    }
  }
  status = comm_.all_max(status);
  saved_ = Clock::now();
  saved_step_ = step;
  if (status == 0) {
    good_step_ = step;
    failures_ = 0;
    return;
  }
  ++failures_;
  comm_.broadcast_string(fault);
  const bool give_up = must || failures_ >= training_.config().checkpoint.give_up ||
                       status != static_cast<std::int64_t>(ExitStatus::input_output);
  if (give_up) throw SharedError(static_cast<ExitStatus>(status), fault + "; " + last_good());
  log_warning(fmt::format("{}; training goes on, {}", fault, last_good()));
}

void Run::record(const StepReport& report, double seconds) {
  if (!metrics_ || report.step % training_.config().train.log_every != 0) return;
  try {
    metrics_->record(StepRecord{report.step, report.epoch, report.loss, report.learning_rate, static_cast<double>(report.samples) / seconds});
  } catch (const Error& e) {
    if (!metrics_warned_) log_warning(std::string(e.what()) + "; training goes on without these lines");
    metrics_warned_ = true;
  }
}

void Run::record(const std::string& split, const Evaluation& evaluation) {
  if (!metrics_) return;
  const std::int64_t step = training_.progress().step;
  try {
    metrics_->record(EvaluationRecord{step, (step - 1) / training_.steps_per_epoch() + 1, split, evaluation.loss, evaluation.accuracy});
  } catch (const Error& e) {
    if (!metrics_warned_) log_warning(std::string(e.what()) + "; training goes on without these lines");
    metrics_warned_ = true;
  }
}

/// Evaluates for `best` and early stopping; true when it is the best so far.
bool Run::end_epoch(const StepReport& report, ProgressState& shown) {
  const bool due = report.epoch % training_.config().train.evaluate_every == 0 || training_.finished();
  if (report.ends_epoch) {
    const Evaluation average = training_.epoch_average();
    shown.loss = average.loss;
    shown.accuracy = average.accuracy;
    if (due && !training_.data().validation) {
      record("train", average);
      return training_.note(average);
    }
  }
  if (!due || !training_.data().validation) return false;
  const Evaluation evaluation = training_.evaluate(*training_.data().validation);
  evaluated_step_ = report.step;
  record(training_.data().validation_name, evaluation);
  shown.validation_loss = evaluation.loss;
  shown.validation_accuracy = evaluation.accuracy;
  return training_.note(evaluation);
}

bool Run::save_is_due(const StepReport& report) const {
  const CheckpointConfig& c = training_.config().checkpoint;
  return (c.every_steps > 0 && report.step % c.every_steps == 0) ||
         (c.every_epochs > 0 && report.ends_epoch && report.epoch % c.every_epochs == 0) || report.requests[save_by_time] > 0;
}

ExitStatus Run::go() try {
  const StopSignal signals;
  if (training_.progress().step == 0) save(true);
  if (saved_step_ < 0) good_step_ = training_.progress().step;
  const std::int64_t epochs = (training_.total_steps() + training_.steps_per_epoch() - 1) / training_.steps_per_epoch();
  Progress progress({epochs, training_.steps_per_epoch(), training_.progress().step, training_.total_steps()},
                    comm_.rank() == 0 ? choose_progress_style() : ProgressStyle::none);
  while (!training_.finished()) {
    const Clock::time_point before = Clock::now();
    const StepReport report = training_.advance(requests());
    const double seconds = seconds_since(before);
    record(report, seconds);
    ProgressState shown{report.step, report.epoch, report.loss, {}, {}, {}, static_cast<double>(report.samples) / seconds};
    // What belongs to the end of an epoch is done before a checkpoint of it: a resumed run then misses nothing.
    bool best = false;
    if (report.ends_epoch || training_.finished()) {
      best = end_epoch(report, shown);
      if (report.ends_epoch) progress.end_epoch(shown);
    } else {
      progress.step(shown);
    }
    const bool stop = report.requests[stop_by_signal] > 0 || report.requests[stop_by_time] > 0;
    if (training_.finished()) break;
    if (stop || best || save_is_due(report)) {
      progress.clear();
      save(stop);
    }
    if (stop) {
      if (metrics_) metrics_->close();
      const int number = StopSignal::received();
      log_info(fmt::format("stopped by {} after step {}; {}; go on with --resume auto",
                           report.requests[stop_by_time] > 0 ? "train.max_seconds" : (number != 0 ? strsignal(number) : "a signal"), report.step,
                           last_good()));
      return ExitStatus::stopped;
    }
  }
  progress.clear();
  if (saved_step_ == training_.progress().step || training_.progress().step == 0) return ExitStatus::done;
  training_.refine_statistics();
  if (training_.config().model.batch_norm.running == "exact" && training_.data().validation)
    record(training_.data().validation_name, training_.evaluate(*training_.data().validation));
  save(true);
  if (metrics_) metrics_->close();
  log_info(fmt::format("finished after step {}; {}", training_.progress().step, last_good()));
  return ExitStatus::done;
} catch (const SharedError& e) {
  if (e.status() != ExitStatus::diverged) throw;
  throw SharedError(e.status(), fmt::format("{}; {}", e.what(), last_good()));
}

std::string layer_line(const Model& model) {
  std::string line = fmt::format("{}", model.inputs());
  for (const Parameter& p : model.graph().parameters()) {
    if (p.name.ends_with("/weight")) line += fmt::format("-{}", p.columns);
  }
  return line;
}

std::string start_line(const Training& training, const Communicator& comm) {
  const int cores = usable_cores();
  std::string line = fmt::format("{} {} on {} {} x {} {} ({}, {} cores in reach)", comm.size(), comm.size() == 1 ? "rank" : "ranks", comm.host_count(),
                                 comm.host_count() == 1 ? "host" : "hosts", threads(), threads() == 1 ? "thread" : "threads", instruction_set(), cores);
  const std::int64_t batch = training.config().data.batch_size;
  const std::int64_t leaves = training.config().parallel.leaves > 0 ? training.config().parallel.leaves : default_leaves(batch);
  return line + fmt::format("; model {}, {} parameters; {} samples in batches of {}, {} leaves", layer_line(training.model()),
                            training.model().parameter_count(), training.data().train.rows(), batch, leaves);
}

void print_dry_run(const Training& training, const Communicator& comm) {
  const Model& model = training.model();
  std::cout << "layer                      shape          parameters\n";
  for (const Parameter& p : model.graph().parameters()) {
    const std::string shape = p.vector ? fmt::format("({})", p.columns) : fmt::format("({}, {})", p.rows, p.columns);
    std::cout << fmt::format("{:<26} {:<14} {:>10}\n", p.name, shape, p.rows * p.columns);
  }
  std::cout << fmt::format("total {} parameters, loss {}\n", model.parameter_count(), to_string(model.loss_kind()));
  std::cout << fmt::format("{} steps, {} an epoch; validation: {}\n", training.total_steps(), training.steps_per_epoch(),
                           training.data().validation ? fmt::format("{} samples", training.data().validation->rows()) : "none");
  const std::int64_t moments = static_cast<std::int64_t>(Optimizer(training.config().optimizer.name).moments().size());
  const double floats = static_cast<double>(model.graph().parameter_size());
  std::cout << fmt::format("memory per rank: about {:.1f} MB of parameters, gradients and moments; checkpoint: about {:.1f} MB\n",
                           floats * 4e-6 * (2.0 + static_cast<double>(moments + 1) / comm.size()), floats * 4e-6 * static_cast<double>(1 + moments));
  std::cout << start_line(training, comm) << "\nnothing was written\n";
}

}  // namespace

ExitStatus train_run(const TrainRequest& request, Communicator& comm) {
  check_kernels(comm);
  RunPlan plan;
  run_together(comm, [&] {
    if (comm.rank() == 0) plan = plan_run(request);
  });
  // Rank 0 alone has read files; the others get what it found.
  std::string toml = comm.rank() == 0 ? to_toml(plan.config) : "";
  comm.broadcast_string(toml);
  comm.broadcast_string(plan.run);
  comm.broadcast_string(plan.resumed_path);
  std::vector<std::byte> bytes = plan.resumed.value_or(std::vector<std::byte>());
  comm.broadcast_bytes(bytes);
  plan.resumed.reset();

  std::optional<Training> training;
  std::optional<Archive> resumed;
  run_together(comm, [&] {
    if (comm.rank() != 0) plan.config = parse_config(toml, "config", "/");
    const TrainingData data = select_data(Dataset::open(plan.config.data.file), plan.config);
    if (!bytes.empty()) {
      resumed = parse_checkpoint(bytes, plan.resumed_path);
      const std::string content = read_description(*resumed).content;
      if (content != data.description.content)
        throw Error(ExitStatus::bad_data, fmt::format("{} was trained on other data: its content is {}, that of {} is {}; name the same data with data.file",
                                                      plan.resumed_path, content, plan.config.data.file, data.description.content));
    }
    training.emplace(plan.config, make_model(plan.config, data.train), data, comm);
    if (resumed) training->restore(*resumed);
  });
  std::vector<std::byte>().swap(bytes);
  if (request.dry_run) {
    if (comm.rank() == 0) print_dry_run(*training, comm);
    return ExitStatus::done;
  }
  log_info(start_line(*training, comm));
  if (comm.threads_for_this_rank() > usable_cores())
    log_warning(fmt::format("{} threads on {} cores; unset OMP_NUM_THREADS, or set it lower", threads(), usable_cores()));
  if (resumed) {
    if (resumed->attribute<std::string>("kernel_hash") != kernel_hash())
      log_warning("this processor or build does not compute the bits of the one that wrote " + plan.resumed_path + "; the run goes on with other bits");
    log_info(fmt::format("going on after step {} of {}, from {}", training->progress().step, training->total_steps(), plan.resumed_path));
    resumed.reset();
  } else {
    training->start();
    if (request.init_from) {
      std::vector<std::byte> start;
      run_together(comm, [&] {
        if (comm.rank() == 0) start = read_file(*request.init_from);
      });
      comm.broadcast_bytes(start);
      run_together(comm, [&] { training->adopt(parse_checkpoint(start, *request.init_from)); });
    }
  }
  if (training->finished()) {
    log_info(fmt::format("{} is finished: {} steps are done; raise train.epochs to train on", plan.run, training->progress().step));
    return ExitStatus::done;
  }
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    if (!plan.directory) plan.directory = RunDirectory::create(plan.run);
    plan.directory->write_config(toml);
    if (plan.parent.empty()) plan.directory->remove_checkpoints_after(training->progress().step);
    MetricsWriter::truncate_after(plan.directory->metrics_path(), training->progress().step);
  });
  std::optional<Run> run;
  run_together(comm, [&] { run.emplace(*training, plan, comm); });
  log_info("run directory " + plan.run);
  return run->go();
}

}  // namespace shoal
