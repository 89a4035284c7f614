#include "shoal/run/run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "run/init_from.hpp"
#include "run/known_data.hpp"
#include "run/profile_report.hpp"
#include "run/run_account.hpp"
#include "run/run_loop.hpp"
#include "run/run_plan.hpp"
#include "shoal/comm/alike.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/host_name.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/core/version.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/digest_chain.hpp"
#include "shoal/run/job_log.hpp"
#include "shoal/run/metrics.hpp"
#include "shoal/run/metrics_events.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/data_check.hpp"
#include "shoal/train/held_data.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/train/loaded_checkpoint.hpp"
#include "shoal/train/same_data.hpp"
#include "shoal/train/training.hpp"

namespace shoal {
namespace {

/// Rank 0 alone has read files; the others get what it found. Returns the checkpoint to go on from.
std::optional<Archive> share_plan(RunPlan& plan, Communicator& comm) {
  std::string toml = comm.rank() == 0 ? to_toml(plan.config) : "";
  std::string journal = plan.journal.text();
  for (std::string* text : {&toml, &journal, &plan.run, &plan.resumed_path, &plan.init_from, &plan.replays}) {
    comm.broadcast_string(*text);
  }
  plan.in_place = comm.all_max(plan.in_place ? 1 : 0) != 0;
  run_together(comm, [&] {
    if (comm.rank() == 0) return;
    plan.config = parse_config(toml, "config", "/");
    plan.journal = NudgeJournal::parse(journal, "journal");
  });
  return share_checkpoint(std::exchange(plan.resumed, std::nullopt), comm);
}

/// After start(), which has looked at all labels.
void warn_of_data(const Dataset& dataset, const Training& training, Communicator& comm) {
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    for (const std::string& note : notes_on_data(dataset, training.data(), training.config().data.shuffle_block))
      log_warning(note);
  });
}

/// What will be lost, before it is.
void announce_way_back(const RunPlan& plan, std::int64_t step, const std::vector<std::int64_t>& later) {
  if (later.empty()) return;
  log_warning(
      fmt::format("{0} goes back to step {1}: its {2} of step {3}, and metrics after step {1}, go as soon as a "
                  "new checkpoint is saved; to keep them, go on elsewhere: --resume {4} --run NEW",
                  plan.run, step, later.size() == 1 ? "checkpoint" : "checkpoints", fmt::join(later, ", "),
                  shell_word(RunPaths{plan.run}.checkpoint(step))));
}

/// Those up to a checkpoint, its own among them.
void write_digests(const RunPlan& plan, std::int64_t step, const std::string& digest) {
  DigestChain digests = DigestChain::of_run(plan.run).up_to(step);
  if (const DigestRecord record{step, digest}; digests.takes(record)) digests.add(record);
  plan.directory->write(plan.directory->paths().digests(), digests.text());
}

/// Rank 0. What a process leaves undone that is killed in the last save of a run, which nobody goes on with: the links
/// and the digest of its newest checkpoint.
void complete_last_save(const RunPlan& plan, const RunProgress& progress, const std::string& digest) {
  const RunDirectory& directory = *plan.directory;
  if (directory.checkpoint_steps().back() != progress.step) return;
  if (RunDirectory::latest(plan.run) != progress.step) directory.point_latest(progress.step);
  if (progress.best_step >= 0) directory.point_best(progress.best_step);
  if (DigestChain::of_run(plan.run).takes({progress.step, digest})) write_digests(plan, progress.step, digest);
}

/// The run's own place on disk, as it is before the first step.
/// @param digest  of the checkpoint that it goes on from, if it does
void prepare_directory(RunPlan& plan, std::int64_t step, const std::string& digest) {
  if (!plan.directory)
    plan.directory = plan.run_base.empty() ? RunDirectory::create(plan.run) : RunDirectory::create_next(plan.run_base);
  plan.run = plan.directory->path();
  if (plan.in_place) announce_way_back(plan, step, plan.directory->go_back_to(step));
  if (plan.journal != NudgeJournal::of_run(plan.run))
    plan.directory->write(plan.directory->paths().nudges(), plan.journal.text());
  if (plan.in_place) plan.directory->write_config(to_toml(plan.config));
  if (plan.in_place) write_digests(plan, step, digest);
  // A new file even where all lines stay: an earlier owner that is not dead after all still appends to the old one.
  const std::string metrics = plan.directory->paths().metrics();
  if (!plan.in_place) {  // what a start that failed has left
    for (const std::string& path : {plan.directory->paths().jobs(), plan.directory->paths().digests()})
      if (std::filesystem::exists(path)) plan.directory->write(path, "");
  }
  if (std::filesystem::exists(metrics))
    plan.directory->write(metrics, MetricsWriter::lines_until(step, read_text(metrics)));
  if (!plan.config.train.tensorboard) return;
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  plan.event_file =
      plan.directory->write_events(event_file_of(std::filesystem::exists(metrics) ? read_text(metrics) : "", now), now);
}

/// Rank 0. Whether the run has, or will have with its first save, the checkpoint that was the best so far. A branch has
/// none of those of its parent but the one that it starts from.
bool has_best(const RunPlan& plan, const RunProgress& progress) {
  if (progress.best_step < 0 || progress.best_step == progress.step) return true;
  return plan.in_place && std::filesystem::exists(RunPaths{plan.run}.checkpoint(progress.best_step));
}

/// Rank 0. Compares a finished replay with the run that it repeats, as far as that has come to the same end.
void compare_with_original(const RunPlan& plan, std::int64_t step) {
  const Doing doing(Activity::reading);
  if (RunDirectory::latest(plan.replays) != step) return;
  const std::string path = RunPaths{plan.replays}.checkpoint(step);
  const std::string mine = RunPaths{plan.run}.checkpoint(step);
  const Archive original = parse_checkpoint(read_checkpoint(path), path);
  const Archive repeated = parse_checkpoint(read_checkpoint(mine), mine);
  if (original.text(CheckpointNames::journal) != repeated.text(CheckpointNames::journal)) return;  // nudged since
  if (digest(original) == digest(repeated)) {
    log_info(fmt::format("the same digest as {} after step {}: {}", plan.replays, step, digest(repeated)));
    return;
  }
  const std::string differs = fmt::format("{} has digest {} after step {}, but its replay {} has {}", plan.replays,
                                          digest(original), step, plan.run, digest(repeated));
  if (original.attribute<std::string>(CheckpointNames::kernel_hash) ==
      repeated.attribute<std::string>(CheckpointNames::kernel_hash))
    throw Error(ExitStatus::internal, differs + "; please report this");
  log_warning(differs + ": this processor or build computes other bits");
}

/// Rank 0 notes where the job runs.
void note_begin(const RunPlan& plan, const Communicator& comm, std::int64_t after_step) {
  if (comm.rank() != 0) return;
  note_job(plan.run, to_json_line(JobRecord{utc_now(),
                                            after_step,
                                            comm.size(),
                                            comm.host_count(),
                                            threads(),
                                            cores_in_reach(),
                                            host_name(),
                                            instruction_set(),
                                            std::string(version()),
                                            {}}));
}

/// ... and how it ended. Who has lost the run to another process has no say any more.
void note_end(const RunPlan& plan, const Communicator& comm, std::int64_t step, ExitStatus status,
              const std::string& text) {
  if (comm.rank() != 0 || status == ExitStatus::taken) return;
  note_job(plan.run, to_json_line(JobRecord::End{utc_now(), step, status, text}));
}

/// The run loop, with its beginning and its end in the log of jobs.
ExitStatus run_noted(Training& training, RunPlan& plan, Communicator& comm) {
  note_begin(plan, comm, training.progress().step);
  try {
    const ExitStatus status = run_loop(training, plan, comm);
    note_end(plan, comm, training.progress().step, status,
             status == ExitStatus::done ? "finished" : "stopped by " + plan.stopped_by);
    return status;
  } catch (const SharedError& e) {
    note_end(plan, comm, training.progress().step, e.status(), e.what());
    throw;
  }
}

/// Collective. What is asked for, found on rank 0 and known to all. Returns the checkpoint to go on from.
std::optional<Archive> plan_together(const TrainRequest& request, RunPlan& plan, Communicator& comm) {
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    plan = plan_run(request);
    if (request.profile_trace)
      check_output_file(*request.profile_trace, Output::trace, {request.config.value_or(""), plan.config.data.file},
                        plan.run);
  });
  return share_plan(plan, comm);
}

/// Collective. The rows of a run and what their columns hold, of which a model can be made.
TrainingData take_data(const Dataset& dataset, const RunPlan& plan, const std::optional<Archive>& resumed,
                       Communicator& comm) {
  std::optional<TrainingData> data;
  run_together(comm, [&] {
    SHOAL_FAULT_POINT("open");
    data = select_data(dataset, plan.config);
    if (resumed) go_on_with(*resumed, plan.resumed_path, dataset, *data, plan.config);
    if (!plan.content.empty()) check_content(plan.replays, plan.content, *data, plan.config);
  });
  hold_rows(*data, comm);
  if (!resumed) learn_columns(*data, comm);
  say_notes(std::span(&*data, 1));
  return *std::move(data);
}

/// Collective.
std::unique_ptr<Training> make_training(const RunPlan& plan, const TrainingData& data,
                                        const std::optional<Archive>& resumed, Communicator& comm) {
  std::unique_ptr<Training> training;
  run_together(comm, [&] {
    const Config config = plan.journal.config_at(plan.config, resumed ? read_progress(*resumed).step : 0);
    check_memory(config, data, HostLoad::of(comm));
    training = std::make_unique<Training>(config, make_model(config, data), data, comm);
  });
  return training;
}

/// Settings that act otherwise than they say. begins: it does not go on.
void warn_of_settings(const RunPlan& plan, const Training& training, bool begins) {
  for (const std::string& line : plan.idle) log_warning(line);
  if (!begins) return;
  for (const auto of : {endless_warmup, early_end_of_learning})
    if (const std::string line = of(training); !line.empty()) log_warning(line);
}

/// @param next  acts from the next step on
void say_start(const RunPlan& plan, const Training& training, const Config& next, const Communicator& comm) {
  log_info(start_line(training, comm));
  if (const std::string line = judged_weights_line(training.config(), next); !line.empty()) log_info(line);
  if (const std::string line = comm.crowding(); !line.empty()) log_warning(line);
  if (!plan.replays.empty())
    log_info(fmt::format("repeating {} with {}", plan.replays,
                         counted(static_cast<std::int64_t>(plan.journal.nudges().size()), "nudge")));
}

/// Says from where the run goes on. Returns the digest of that checkpoint.
std::string say_going_on(const RunPlan& plan, const Archive& resumed, const Training& training, const Config& next) {
  if (resumed.attribute<std::string>(CheckpointNames::kernel_hash) != kernel_hash(training.model()))
    log_warning("this processor or build does not compute the bits of the one that wrote " + plan.resumed_path +
                "; the run goes on with other bits");
  log_info(fmt::format("going on after step {} of {}, from {}", training.progress().step, training.total_steps(next),
                       plan.resumed_path));
  return digest(resumed);
}

/// Collective.
void start_anew(const RunPlan& plan, const Dataset& dataset, Training& training, Communicator& comm) {
  if (const std::string line = linear_line(training); !line.empty()) log_info(line);
  training.start();
  if (!plan.init_from.empty()) start_from(plan.init_from, training, comm);
  warn_of_data(dataset, training, comm);
}

/// Collective, for a run without a step left.
void end_at_once(const RunPlan& plan, const Training& training, const std::string& resumed_digest, Communicator& comm) {
  const std::string finished = finished_line(training, plan.in_place ? plan.run : plan.resumed_path);
  if (!plan.in_place) throw SharedError(ExitStatus::usage, finished + "; there is no branch without a step");
  log_info(finished);
  run_together(comm, [&] {
    if (comm.rank() == 0) complete_last_save(plan, training.progress(), resumed_digest);
  });
}

/// Collective. The run's directory, as it is before the first step.
void take_place(RunPlan& plan, Training& training, const std::string& resumed_digest, Communicator& comm) {
  bool best_is_here = true;
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    prepare_directory(plan, training.progress().step, resumed_digest);
    best_is_here = has_best(plan, training.progress());
  });
  comm.broadcast_string(plan.run);  // the name may have been taken meanwhile
  if (comm.all_min(best_is_here ? 1 : 0) == 0) training.forget_best();
  log_info("run directory " + plan.run);
}

}  // namespace

ExitStatus train_run(const TrainRequest& request, Communicator& comm) {
  require_alike(comm, "what train_run was asked for",
                fmt::format("dry_run {}, profile {}", request.dry_run, request.profile || request.profile_trace),
                ExitStatus::usage, "make the same request on all ranks");
  const StopSignal signals("the run is saved after the step under way");  // from here on: a signal during the start
                                                                          // stops the run at its first step
  std::optional<Watchdog> watchdog(std::in_place, comm, ParallelConfig().stall_timeout);
  std::optional<Doing> doing(std::in_place, Activity::starting);
  run_together(comm, [&] {
    if (comm.rank() == 0 && request.profile_trace) check_writable(*request.profile_trace);
  });
  check_kernels(comm);
  RunPlan plan;
  std::optional<Archive> resumed = plan_together(request, plan, comm);
  watchdog.emplace(comm, plan.config.parallel.stall_timeout);  // the run's own patience from here on
  SHOAL_FAULT_POINT("plan");
  const Dataset dataset = open_together(plan.config.data.file, comm);
  const std::unique_ptr<Training> training =
      make_training(plan, take_data(dataset, plan, resumed, comm), resumed, comm);
  training->allocate();
  if (resumed) run_together(comm, [&] { training->restore(*resumed); });
  warn_of_settings(plan, *training, !resumed);
  Config next;  // with what changes where it goes on
  run_together(comm, [&] { next = plan.journal.config_at(plan.config, training->progress().step + 1); });
  if (request.dry_run) {
    if (comm.rank() == 0) print_dry_run(*training, next, comm);
    if (const std::string line = comm.crowding(); !line.empty()) log_warning(line);
    return ExitStatus::done;
  }
  say_start(plan, *training, next, comm);
  std::string resumed_digest;
  if (resumed) {
    resumed_digest = say_going_on(plan, *resumed, *training, next);
    resumed.reset();
  } else {
    start_anew(plan, dataset, *training, comm);
  }
  if (training->finished() && training->finished(next)) {
    end_at_once(plan, *training, resumed_digest, comm);
    return ExitStatus::done;
  }
  take_place(plan, *training, resumed_digest, comm);
  std::optional<Profiler> profiler;
  if (request.profile || request.profile_trace) profiler.emplace(comm, request.profile_trace.value_or(""));
  doing.reset();
  const ExitStatus status = run_noted(*training, plan, comm);
  if (profiler) profiler->finish();
  run_together(comm, [&] {
    if (comm.rank() == 0 && !plan.replays.empty() && status == ExitStatus::done)
      compare_with_original(plan, training->progress().step);
  });
  return status;
}

}  // namespace shoal
