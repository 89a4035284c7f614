#include "run/run_loop.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

#include "run/no_better.hpp"
#include "run/nudging/run_requests.hpp"
#include "run/rate_jump.hpp"
#include "run/records/run_metrics.hpp"
#include "run/run_saver.hpp"
#include "run/statistics_lag.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/progress.hpp"
#include "shoal/train/progress_state.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point then) { return std::chrono::duration<double>(Clock::now() - then).count(); }

/// What ranks ask each other for with the loss of a step.
enum Request : std::size_t {
  stop_by_signal,
  stop_by_time,
  save_now,
  save_not,
  end_by_fault,
  others_wait,
  request_count
};

/// A run under way with its directory, which rank 0 alone has.
class Run {
 public:
  Run(Training& training, RunPlan& plan, Communicator& comm)
      : training_(training),
        plan_(plan),
        comm_(comm),
        saver_(training, plan, comm),
        others_(training, plan, comm),
        began_(Clock::now()) {
    if (comm.rank() != 0) return;
    std::error_code none;
    std::filesystem::remove(plan.directory->paths().paused(), none);  // of a job that was killed while it waited
    metrics_.emplace(plan, training, began_);
  }

  ExitStatus go();

 private:
  struct Step {
    StepReport report;
    bool best = false;
  };

  void begin();
  Step train_step();
  std::vector<double> requests();
  std::vector<double> agreed_requests();
  void take_requests();
  std::vector<double> wait_to_go_on();
  void get_ready_to_save();
  void save(const Step& step, bool at_any_rate);
  bool save_is_due(const StepReport& report) const;
  bool is_nudged_next() const;
  void apply_nudges();
  ExitStatus stop(const std::vector<double>& asked);
  void finish();

  void record(const std::string& split, const Evaluation& evaluation, std::optional<double> metric) {
    if (metrics_) metrics_->record(split, evaluation, metric);
  }
  void warn_of_changed_data();
  bool is_to_end(const std::vector<double>& asked) const {
    return asked[stop_by_signal] > 0 || asked[stop_by_time] > 0 || others_.to_stop();
  }
  std::string way_back() const;

  Training& training_;
  RunPlan& plan_;
  Communicator& comm_;
  RunSaver saver_;
  RunRequests others_;
  Clock::time_point began_;
  std::optional<RunMetrics> metrics_;
  bool data_warned_ = false;
  std::optional<Progress> progress_;
};

std::vector<double> Run::requests() {
  const TrainConfig& train = training_.config().train;
  std::vector<double> asked(request_count);
  asked[stop_by_signal] = StopSignal::received() != 0 ? 1.0 : 0.0;
  if (comm_.rank() == 0) {
    asked[stop_by_time] = train.max_seconds > 0.0 && seconds_since(began_) >= train.max_seconds ? 1.0 : 0.0;
    const RunSaver::Wishes wishes = saver_.wishes();
    asked[save_now] = wishes.save;
    asked[save_not] = wishes.pause;
    asked[end_by_fault] = wishes.status;
    asked[others_wait] = others_.waiting() ? 1.0 : 0.0;
  }
  return asked;
}

/// Resuming would take the last nudge again, which may be what went wrong.
std::string Run::way_back() const {
  std::int64_t last = 0;
  for (const Nudge& nudge : plan_.journal.nudges()) {
    if (nudge.step <= training_.progress().step + 1) last = std::max(last, nudge.step);
  }
  return last == 0 ? ""
                   : fmt::format("; without the nudge of step {}: --resume {} --rewind {}", last, shell_word(plan_.run),
                                 last - 1);
}

void Run::warn_of_changed_data() {
  if (data_warned_ || comm_.rank() != 0 || !training_.data().train.changed_in_file()) return;
  data_warned_ = true;
  log_warning(
      fmt::format("{} was written to while this run reads its rows: what was trained by step {} may be of both, "
                  "and cannot be repeated; give changed data a name of its own, and train anew",
                  plan_.config.data.file, training_.progress().step));
}

/// A run that goes on from a checkpoint must find all lines up to its step.
void Run::get_ready_to_save() {
  progress_->clear();
  if (metrics_) metrics_->flush();
  warn_of_changed_data();
}

bool Run::save_is_due(const StepReport& report) const {
  const CheckpointConfig& c = training_.config().checkpoint;
  return (c.every_steps > 0 && report.step % c.every_steps == 0) ||
         (c.every_epochs > 0 && report.ends_epoch && report.epoch % c.every_epochs == 0) ||
         report.requests[save_now] > 0;
}

/// Collective. As they come back from a step.
std::vector<double> Run::agreed_requests() {
  std::vector<double> asked = requests();
  for (double& one : asked) one = static_cast<double>(comm_.all_max(static_cast<std::int64_t>(one)));
  return asked;
}

/// Collective. Nudges, and wishes to stop or wait, that came in since.
void Run::take_requests() {
  if (progress_) progress_->clear();
  others_.take();
}

/// Collective. Saves, and waits until somebody wants the run to train on, or it is to end. Nudges are taken meanwhile.
/// The other ranks hear of rank 0 all the time, so that nobody takes it for lost.
std::vector<double> Run::wait_to_go_on() {
  constexpr std::chrono::milliseconds between_looks{200};
  get_ready_to_save();
  saver_.save_and_wait();
  const std::int64_t step = training_.progress().step;
  if (comm_.rank() == 0) {
    try {
      write_text_atomically(plan_.directory->paths().paused(), fmt::format("{}\n", step));
    } catch (const Error& e) {  // those who look on do not see it
      log_warning(e.what());
    }
  }
  log_info(fmt::format("paused after step {}; {}; go on with shoal nudge {} --go-on", step, saver_.last_good(),
                       shell_word(plan_.run)));
  others_.answer();
  std::vector<double> asked(request_count);
  while (others_.to_wait() && !is_to_end(asked)) {
    std::this_thread::sleep_for(between_looks);
    asked = agreed_requests();
    if (asked[end_by_fault] > 0) saver_.end_with(static_cast<std::int64_t>(asked[end_by_fault]));
    if (asked[others_wait] > 0) take_requests();
    others_.answer();
  }
  if (comm_.rank() == 0) {
    std::error_code none;
    std::filesystem::remove(plan_.directory->paths().paused(), none);
  }
  if (!others_.to_wait()) log_info(fmt::format("goes on after step {}", step));
  return asked;
}

/// Collective. Changes what the journal changes with the next step; also without a change, at the start of a run.
void Run::apply_nudges() {
  const std::int64_t done = training_.progress().step;
  if (plan_.journal.acts_on(done + 1)) {
    const Config next = plan_.journal.config_at(plan_.config, done + 1);
    const std::string jump = rate_jump(training_.config(), next, done + 1, training_.steps_per_epoch(),
                                       training_.total_steps(), training_.total_steps(next));
    if (!jump.empty()) log_info(jump);
    training_.reconfigure(next);
  }
  const std::int64_t per_epoch = training_.steps_per_epoch();
  const std::int64_t total = training_.total_steps();
  progress_.emplace(ProgressRange{(total + per_epoch - 1) / per_epoch, per_epoch, done, total},
                    comm_.rank() == 0 ? choose_progress_style() : ProgressStyle::none);
}

/// Collective. A new directory begins with a checkpoint: it proves that the place can be written, and a branch can go
/// back to it. Only then is it a run: one that ends before has nothing that --resume could go on with, and begins as it
/// was asked.
void Run::begin() {
  saver_.check_space();
  if (!plan_.in_place) {
    saver_.save_and_wait(false);
    run_together(comm_, [&] {
      if (comm_.rank() == 0) plan_.directory->write_config(to_toml(plan_.config));
    });
  }
  apply_nudges();
}

/// Collective. What belongs to the end of an epoch is done before a checkpoint of it: a resumed run then misses
/// nothing.
Run::Step Run::train_step() {
  const Clock::time_point before = Clock::now();
  Step step{training_.advance(requests())};
  const double seconds = seconds_since(before);
  if (metrics_) metrics_->record(step.report, seconds);
  const auto epoch = training_.end_epoch(step.report);
  if (!epoch) {
    progress_->step(progress_state(step.report, seconds));
    return step;
  }
  if (epoch->judged)
    record(epoch->validation ? training_.data().validation_name : "train", epoch->result(), epoch->metric);
  step.best = epoch->best;
  progress_->end_epoch(progress_state(step.report, seconds, *epoch));
  return step;
}

/// Whether the next step is another by a nudge, which may also let a run go on where it would end.
bool Run::is_nudged_next() const {
  const std::int64_t next = training_.progress().step + 1;
  if (!plan_.journal.acts_on(next)) return false;
  return !training_.finished() || !training_.finished(plan_.journal.config_at(plan_.config, next));
}

/// Collective. @param at_any_rate  the run ends, or the state before a nudge is what a rewind goes back to
void Run::save(const Step& step, bool at_any_rate) {
  const bool due = (step.best || save_is_due(step.report)) && step.report.requests[save_not] == 0;
  if (!at_any_rate && !due) {
    if (step.best) training_.leave_out_of_best();  // no checkpoint will ever be of it
    return;
  }
  get_ready_to_save();
  if (at_any_rate) {
    saver_.save_and_wait();
  } else {
    saver_.save();
  }
}

/// Collective. Once the state is on disk.
ExitStatus Run::stop(const std::vector<double>& asked) {
  others_.answer();
  plan_.stopped_by = others_.to_stop() ? "request" : asked[stop_by_time] > 0 ? "train.max_seconds" : StopSignal::name();
  log_info(fmt::format("stopped by {} after step {}; {}; go on with --run {} --resume auto", plan_.stopped_by,
                       training_.progress().step, saver_.last_good(), shell_word(plan_.run)));
  return ExitStatus::stopped;
}

/// Collective. After the last step.
void Run::finish() {
  others_.answer_finished();
  progress_->clear();
  if (const auto refined = training_.finish()) {
    record(training_.data().validation_name, *refined, value_of(training_.config().train.metric, *refined));
    const std::string accuracy = refined->accuracy ? fmt::format(" accuracy {:.4f}", *refined->accuracy) : "";
    log_info(fmt::format("with exact statistics of batch norm: {} loss {:.4g}{}", training_.data().validation_name,
                         refined->loss, accuracy));
  }
  get_ready_to_save();
  saver_.save_and_wait();
  const RunProgress& progress = training_.progress();
  const std::string early = training_.stopped_early() ? fmt::format(", early: {} without progress",
                                                                    counted(progress.stale_evaluations, "evaluation"))
                                                      : "";
  log_info(fmt::format("finished after step {}{}; {}", progress.step, early, saver_.last_good()));
  for (const std::string& one : no_better_than_constant(training_, plan_.run)) log_warning(one);
  // Of a start with another model's statistics nobody knows how far they are from these.
  if (const std::string lag = statistics_lag(training_); !lag.empty() && plan_.init_from.empty()) log_info(lag);
}

ExitStatus Run::go() try {
  begin();
  while (!training_.finished()) {
    const Step step = train_step();
    std::vector<double> asked = step.report.requests;
    if (asked[end_by_fault] > 0) saver_.end_with(static_cast<std::int64_t>(asked[end_by_fault]));
    if (asked[others_wait] > 0) take_requests();
    const bool waits = others_.to_wait() && !training_.finished() && !is_to_end(asked);
    if (waits) asked = wait_to_go_on();
    const bool nudged = is_nudged_next();
    if (training_.finished() && !nudged) break;
    const bool stops = is_to_end(asked);
    if (!waits) save(step, stops || nudged);
    if (stops) return stop(asked);
    if (nudged) apply_nudges();
    others_.answer();
  }
  finish();
  return ExitStatus::done;
} catch (const SharedError& e) {
  if (e.status() == ExitStatus::internal)
    throw SharedError(e.status(), fmt::format("{}; {}", e.what(), saver_.last_good()));
  if (e.status() != ExitStatus::diverged) throw;
  throw SharedError(e.status(), fmt::format("{}; {}{}", e.what(), saver_.last_good(), way_back()));
}

}  // namespace

ExitStatus run_loop(Training& training, RunPlan& plan, Communicator& comm) {
  std::optional<Run> run;
  run_together(comm, [&] { run.emplace(training, plan, comm); });
  return run->go();
}

}  // namespace shoal
