#include "run/run_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

#include "run/nudging/nudge_desk.hpp"
#include "run/rate_jump.hpp"
#include "run/run_saver.hpp"
#include "run/statistics_lag.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/fault_point.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/metrics.hpp"
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
  nudge_waits,
  request_count
};

/// A run under way with its directory, which rank 0 alone has.
class Run {
 public:
  Run(Training& training, RunPlan& plan, Communicator& comm)
      : training_(training), plan_(plan), comm_(comm), saver_(training, plan, comm), started_(Clock::now()) {
    if (comm.rank() != 0) return;
    std::error_code none;
    std::filesystem::remove(plan.directory->paths().paused(), none);  // of a job that was killed while it waited
    metrics_.emplace(plan.directory->paths().metrics());
    if (!plan.event_file.empty())
      metrics_->add_events(plan.event_file,
                           std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
    desk_.emplace(plan.run);
  }

  ExitStatus go();

 private:
  std::vector<double> requests();
  void flush_metrics();
  void warn_of_changed_data();
  void get_ready_to_save();
  void take_nudges();
  std::string grant(RunWish wish);
  void answer_nudges();
  std::vector<double> agreed_requests();
  std::vector<double> wait_to_go_on();
  void apply_nudges();
  void record(const StepReport& report, double seconds);
  void record(const std::string& split, const Evaluation& evaluation, std::optional<double> metric);
  template <class Write>
  void write_metrics(const Write& write);
  bool save_is_due(const StepReport& report) const;
  bool is_to_end(const std::vector<double>& asked) const {
    return asked[stop_by_signal] > 0 || asked[stop_by_time] > 0 || stop_asked_;
  }
  std::string way_back() const;

  Training& training_;
  RunPlan& plan_;
  Communicator& comm_;
  RunSaver saver_;
  Clock::time_point started_;
  std::optional<MetricsWriter> metrics_;
  bool metrics_warned_ = false;
  bool data_warned_ = false;
  std::optional<Progress> progress_;
  std::optional<NudgeDesk> desk_;
  std::vector<std::pair<NudgeDesk::Visitor, NudgeReply>> answers_;
  bool stop_asked_ = false;  // by a file, see ask_run()
  bool paused_ = false;      // likewise
};

std::vector<double> Run::requests() {
  const TrainConfig& train = training_.config().train;
  std::vector<double> asked(request_count);
  asked[stop_by_signal] = StopSignal::received() != 0 ? 1.0 : 0.0;
  if (comm_.rank() == 0) {
    asked[stop_by_time] = train.max_seconds > 0.0 && seconds_since(started_) >= train.max_seconds ? 1.0 : 0.0;
    const RunSaver::Wishes wishes = saver_.wishes();
    asked[save_now] = wishes.save;
    asked[save_not] = wishes.pause;
    asked[end_by_fault] = wishes.status;
    asked[nudge_waits] = desk_->has_visitors() ? 1.0 : 0.0;
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

/// A full disk must not end a run that can go on without these lines.
template <class Write>
void Run::write_metrics(const Write& write) {
  if (!metrics_) return;
  try {
    write(*metrics_);
  } catch (const Error& e) {
    if (!metrics_warned_) log_warning(std::string(e.what()) + "; training goes on without these lines");
    metrics_warned_ = true;
  }
}

void Run::record(const StepReport& report, double seconds) {
  if (report.step % training_.config().train.log_every != 0) return;
  write_metrics([&](MetricsWriter& metrics) {
    metrics.record(StepRecord{report.step, report.epoch, report.loss, report.learning_rate,
                              static_cast<double>(report.samples) / seconds, seconds_since(started_)});
  });
}

void Run::record(const std::string& split, const Evaluation& evaluation, std::optional<double> metric) {
  const std::int64_t step = training_.progress().step;
  EvaluationRecord record{step,
                          (step - 1) / training_.steps_per_epoch() + 1,
                          split,
                          evaluation.loss,
                          evaluation.accuracy,
                          seconds_since(started_)};
  const Metric named = training_.config().train.metric;
  if (metric && !is_loss(named) && named != Metric::validation_accuracy) {
    record.metric = short_name(named);
    record.value = *metric;
  }
  write_metrics([&](MetricsWriter& metrics) { metrics.record(record); });
}

void Run::warn_of_changed_data() {
  if (data_warned_ || comm_.rank() != 0 || !training_.data().train.changed_in_file()) return;
  data_warned_ = true;
  log_warning(
      fmt::format("{} was written to while this run reads its rows: what was trained by step {} may be of both, "
                  "and cannot be repeated; give changed data a name of its own, and train anew",
                  plan_.config.data.file, training_.progress().step));
}

void Run::flush_metrics() {
  write_metrics([](MetricsWriter& metrics) { metrics.flush(); });
}

/// A run that goes on from a checkpoint must find all lines up to its step.
void Run::get_ready_to_save() {
  progress_->clear();
  flush_metrics();
  warn_of_changed_data();
}

bool Run::save_is_due(const StepReport& report) const {
  const CheckpointConfig& c = training_.config().checkpoint;
  return (c.every_steps > 0 && report.step % c.every_steps == 0) ||
         (c.every_epochs > 0 && report.ends_epoch && report.epoch % c.every_epochs == 0) ||
         report.requests[save_now] > 0;
}

/// What is said to who asked for something else than a nudge. On rank 0.
std::string Run::grant(RunWish wish) {
  const std::int64_t step = training_.progress().step;
  const std::string run = shell_word(plan_.run);
  const bool was_paused = paused_;
  if (wish == RunWish::stop) {
    stop_asked_ = true;
    return fmt::format("stopped after step {}; go on with shoal train --run {} --resume auto", step, run);
  }
  paused_ = wish == RunWish::pause;
  if (paused_) return fmt::format("paused after step {}; go on with shoal nudge {} --go-on", step, run);
  return was_paused ? fmt::format("goes on after step {}", step) : "it is not paused, and trains on";
}

/// Collective. Takes what was asked for since: from here on it is part of the run, for it is on disk. Rank 0 judges; a
/// request that is wrong concerns the one who made it alone.
void Run::take_nudges() {
  const Doing doing(Activity::saving);
  SHOAL_FAULT_POINT("nudge");
  std::string added;
  run_together(comm_, [&] {
    if (comm_.rank() != 0) return;
    plan_.directory->check_owner();
    NudgeJournal journal = plan_.journal;
    const auto total_steps = [&](const Config& config) { return training_.total_steps(config); };
    const auto write = [&](const std::string& lines) {
      plan_.directory->write(plan_.directory->paths().nudges(), lines);
    };
    for (const NudgeDesk::Visitor& visitor : desk_->admit()) {
      if (visitor.request.wish != RunWish::nudge) {
        answers_.emplace_back(visitor, NudgeReply{ExitStatus::done, grant(visitor.request.wish)});
        continue;
      }
      const auto judge = [&](const NudgeRequestFile& request) {
        return judge_nudge(request, plan_.config, journal, training_.progress().step, total_steps);
      };
      answers_.emplace_back(visitor, note_nudges(visitor.request, judge, write, journal));
    }
    const auto& all = journal.nudges();
    for (std::size_t i = plan_.journal.nudges().size(); i < all.size(); ++i) added += to_json_line(all[i]);
  });
  comm_.broadcast_string(added);
  stop_asked_ = comm_.all_max(stop_asked_ ? 1 : 0) > 0;
  paused_ = comm_.all_max(comm_.rank() == 0 && paused_ ? 1 : 0) > 0;
  const NudgeJournal news = NudgeJournal::parse(added, "the new nudges of rank 0");
  for (const Nudge& nudge : news.nudges()) plan_.journal.add(nudge);
  if (progress_) progress_->clear();
  for (const Nudge& nudge : news.nudges()) {
    log_info(fmt::format("nudged: {} from step {} on", nudge.assignment(), nudge.step));
    warn_if_idle(nudge, plan_.journal.config_at(plan_.config, nudge.step));
  }
}

void Run::answer_nudges() {
  for (const auto& [visitor, reply] : answers_) NudgeDesk::answer(visitor, reply);
  answers_.clear();
}

/// Collective. As they come back from a step.
std::vector<double> Run::agreed_requests() {
  std::vector<double> asked = requests();
  for (double& one : asked) one = static_cast<double>(comm_.all_max(static_cast<std::int64_t>(one)));
  return asked;
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
  answer_nudges();
  std::vector<double> asked(request_count);
  while (paused_ && !is_to_end(asked)) {
    std::this_thread::sleep_for(between_looks);
    asked = agreed_requests();
    if (asked[end_by_fault] > 0) saver_.end_with(static_cast<std::int64_t>(asked[end_by_fault]));
    if (asked[nudge_waits] > 0) take_nudges();
    answer_nudges();
  }
  if (comm_.rank() == 0) {
    std::error_code none;
    std::filesystem::remove(plan_.directory->paths().paused(), none);
  }
  if (!paused_) log_info(fmt::format("goes on after step {}", step));
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

ExitStatus Run::go() try {
  saver_.check_space();
  // A new directory begins with a checkpoint: it proves that the place can be written, and a branch can go back to it.
  // Only then is it a run: one that ends before has nothing that --resume could go on with, and begins as it was asked.
  if (!plan_.in_place) {
    saver_.save_and_wait(false);
    run_together(comm_, [&] {
      if (comm_.rank() == 0) plan_.directory->write_config(to_toml(plan_.config));
    });
  }
  apply_nudges();
  while (!training_.finished()) {
    const Clock::time_point before = Clock::now();
    const StepReport report = training_.advance(requests());
    const double seconds = seconds_since(before);
    record(report, seconds);
    // What belongs to the end of an epoch is done before a checkpoint of it: a resumed run then misses nothing.
    bool best = false;
    if (const auto epoch = training_.end_epoch(report)) {
      if (epoch->judged)
        record(epoch->validation ? training_.data().validation_name : "train", epoch->result(), epoch->metric);
      best = epoch->best;
      progress_->end_epoch(progress_state(report, seconds, *epoch));
    } else {
      progress_->step(progress_state(report, seconds));
    }
    if (report.requests[end_by_fault] > 0) saver_.end_with(static_cast<std::int64_t>(report.requests[end_by_fault]));
    if (report.requests[nudge_waits] > 0) take_nudges();
    std::vector<double> asked = report.requests;
    const bool paused = paused_ && !training_.finished() && !is_to_end(asked);
    if (paused) asked = wait_to_go_on();
    const bool nudged =
        plan_.journal.acts_on(report.step + 1) &&  // maybe to go on where the run would end
        !(training_.finished() && training_.finished(plan_.journal.config_at(plan_.config, report.step + 1)));
    const bool stop = is_to_end(asked);
    if (training_.finished() && !nudged) break;
    const bool due = (best || save_is_due(report)) && report.requests[save_not] == 0;
    if (!paused && (stop || nudged || due)) {
      get_ready_to_save();
      if (stop || nudged) {
        saver_.save_and_wait();  // the run ends, or the state before a nudge is what a rewind goes back to
      } else {
        saver_.save();
      }
    }
    if (stop) {
      answer_nudges();
      plan_.stopped_by = stop_asked_ ? "request" : asked[stop_by_time] > 0 ? "train.max_seconds" : StopSignal::name();
      log_info(fmt::format("stopped by {} after step {}; {}; go on with --run {} --resume auto", plan_.stopped_by,
                           report.step, saver_.last_good(), shell_word(plan_.run)));
      return ExitStatus::stopped;
    }
    if (nudged) apply_nudges();
    answer_nudges();
  }
  for (auto& [visitor, reply] : answers_) {  // who wanted it to stop, or to wait, with its last step
    if (visitor.request.wish != RunWish::nudge)
      reply.text = fmt::format("finished after step {}", training_.progress().step);
  }
  answer_nudges();
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
  // Of a start with another model's statistics nobody knows how far they are from these.
  if (const std::string lag = statistics_lag(training_); !lag.empty() && plan_.init_from.empty()) log_info(lag);
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
