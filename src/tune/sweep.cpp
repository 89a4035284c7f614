#include "shoal/tune/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>
#include <utility>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"
#include "train/stop_signal.hpp"
#include "tune/keeper.hpp"
#include "tune/results.hpp"
#include "tune/sweep_progress.hpp"
#include "tune/sweep_start.hpp"
#include "tune/trial.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// The ranks that train a trial together: one by itself needs no MPI.
Communicator make_group(const Communicator& world, std::int64_t ranks_per_trial) {
  return ranks_per_trial == 1 ? Communicator() : world.split(static_cast<int>(world.rank() / ranks_per_trial));
}

/// A sweep under way, on every rank. Nobody hands out work: the first rank of each group claims the next trial that is
/// free, and all ranks meet at the end of a stage alone.
class Sweep {
 public:
  Sweep(const SweepTask& task, SweepPaths paths, std::string claims, std::optional<SweepDirectory> directory,
        Communicator& world)
      : task_(task),
        paths_(std::move(paths)),
        claims_(std::move(claims)),
        directory_(std::move(directory)),
        world_(world),
        group_(make_group(world, task.settings.ranks_per_trial)),
        plan_(task.settings, task.base.seed, task.base.train.epochs),
        started_(Clock::now()) {}

  void take(const std::vector<Outcome>& known);
  void open_journal();
  SweepSummary go();

 private:
  bool leads() const { return group_.rank() == 0; }
  std::int64_t groups() const {
    return (world_.size() + task_.settings.ranks_per_trial - 1) / task_.settings.ranks_per_trial;
  }

  bool run_stage();
  std::vector<Outcome> train_free_trials(const std::vector<std::int64_t>& trials);
  std::optional<std::int64_t> next_free(const std::vector<std::int64_t>& trials, std::size_t& from);
  std::optional<Outcome> train(std::int64_t trial, Keeper& keeper);
  TrialTask task_of(std::int64_t trial, std::int64_t rung) const;
  void exchange(const std::vector<Outcome>& mine);
  void discard_checkpoints(const Stage& ended, std::optional<std::int64_t> best_before);
  Keeper make_keeper() const;
  std::optional<std::int64_t> best() const { return best_trial(standings_of(histories_, task_.settings.metric)); }
  bool stop_asked();
  bool secure_winner(std::int64_t winner);
  bool finish(SweepSummary& summary);

  const SweepTask& task_;
  SweepPaths paths_;
  std::string claims_;
  std::optional<SweepDirectory> directory_;  // on rank 0
  Communicator& world_;
  Communicator group_;
  SearchPlan plan_;
  Clock::time_point started_;
  Clock::time_point looked_;
  std::map<std::pair<std::int64_t, std::int64_t>, Outcome> known_;  // by trial and rung: of earlier jobs
  std::vector<History> histories_;
  std::optional<AppendFile> journal_;  // where this rank leads
  std::optional<SweepProgress> progress_;
  bool stopping_ = false;
};

void Sweep::take(const std::vector<Outcome>& known) {
  for (const Outcome& outcome : known) known_.emplace(std::pair(outcome.trial, outcome.rung), outcome);
}

void Sweep::open_journal() {
  if (leads()) journal_.emplace(paths_.journal(world_.rank()));
}

/// Also of ranks that a signal did not reach: whoever stops leaves a note where all look once a second.
bool Sweep::stop_asked() {
  if (progress_) progress_->tick();
  if (stopping_) return true;
  const Clock::time_point now = Clock::now();
  const double limit = task_.base.train.max_seconds;
  stopping_ =
      StopSignal::received() != 0 || (limit > 0.0 && std::chrono::duration<double>(now - started_).count() >= limit);
  if (stopping_) {
    claim(claims_, "stop");
  } else if (now - looked_ >= std::chrono::seconds(1)) {
    looked_ = now;
    std::error_code none;
    stopping_ = std::filesystem::exists(claims_ + "/stop", none);
  }
  return stopping_;
}

TrialTask Sweep::task_of(std::int64_t trial, std::int64_t rung) const {
  TrialTask task{trial,
                 rung,
                 {},
                 trial_config(task_.base, task_.settings.space, plan_.places()[at(trial)]),
                 paths_.checkpoint(trial)};
  if (task_.settings.halving) {
    for (std::int64_t r = 0; r <= rung; ++r) task.rung_ends.push_back(plan_.epochs_of_rung(r));
  }
  return task;
}

/// On the last rung the best of all rounds before is kept as well, until a better one is there.
Keeper Sweep::make_keeper() const {
  Keeper keeper(std::max<std::int64_t>(1, plan_.stage().promoted));
  const auto leader = best();
  if (plan_.stage().promoted > 0 || !leader) return keeper;
  const Outcome& outcome = histories_[at(*leader)].back();
  if (outcome.rung + 1 == plan_.rungs()) keeper.take(score_of(outcome, task_.settings.metric), *leader);
  return keeper;
}

std::optional<std::int64_t> Sweep::next_free(const std::vector<std::int64_t>& trials, std::size_t& from) {
  while (from < trials.size() && !stop_asked()) {
    const std::int64_t trial = trials[from++];
    if (claim(claims_, fmt::format("{}-{}-{}", plan_.stage().round, plan_.stage().rung, trial))) return trial;
  }
  return std::nullopt;
}

/// Collective over the group. Nothing when it was stopped, and on ranks that the trial has no leaf for.
std::optional<Outcome> Sweep::train(std::int64_t trial, Keeper& keeper) {
  const TrialTask task = task_of(trial, plan_.stage().rung);
  const Metric metric = task_.settings.metric;
  const TrialHooks hooks{[this] { return stop_asked(); },
                         [&](const Outcome& outcome) { return keeper.wants(score_of(outcome, metric), trial); }};
  const std::int64_t batch = task.config.data.batch_size;
  const std::int64_t leaves =
      std::max<std::int64_t>(1, task.config.parallel.leaves > 0 ? task.config.parallel.leaves : default_leaves(batch));
  if (leaves >= group_.size()) return run_trial(task, task_.data, hooks, group_);
  Communicator part = group_.split(group_.rank() < leaves ? 0 : 1);
  return group_.rank() < leaves ? run_trial(task, task_.data, hooks, part) : std::nullopt;
}

std::vector<Outcome> Sweep::train_free_trials(const std::vector<std::int64_t>& trials) {
  Keeper keeper = make_keeper();
  std::vector<Outcome> mine;
  for (std::size_t from = 0;;) {
    std::int64_t trial = leads() ? next_free(trials, from).value_or(-1) : -1;
    group_.broadcast(std::as_writable_bytes(std::span(&trial, 1)));
    if (trial < 0) return mine;
    std::optional<Outcome> outcome = train(trial, keeper);
    if (!leads()) continue;
    if (!outcome) {
      stopping_ = true;
      continue;
    }
    outcome->rank = world_.rank();
    journal_->append(to_json_line(*outcome));
    journal_->sync();
    mine.push_back(*outcome);
    if (progress_) progress_->finished(*outcome);
    if (outcome->failed) {
      discard(paths_.checkpoint(trial));
      continue;
    }
    const double score = score_of(*outcome, task_.settings.metric);
    const auto dropped = keeper.wants(score, trial) ? keeper.take(score, trial) : trial;
    if (dropped) discard(paths_.checkpoint(*dropped));
  }
}

/// Collective. Everyone learns what everyone found.
void Sweep::exchange(const std::vector<Outcome>& mine) {
  std::string lines;
  for (const Outcome& outcome : mine) lines += to_json_line(outcome);
  std::string all;
  for (const auto& bytes : world_.gather_bytes(std::as_bytes(std::span(lines))))
    all.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  world_.broadcast_string(all);
  std::istringstream stream(all);
  for (std::string line; std::getline(stream, line);) {
    if (auto outcome = parse_outcome(line)) histories_[at(outcome->trial)].push_back(std::move(*outcome));
  }
}

/// Collective. False when it was stopped before its end.
bool Sweep::run_stage() {
  const Stage& stage = plan_.stage();
  histories_.resize(plan_.places().size());
  std::vector<std::int64_t> left;
  std::vector<Outcome> known;
  for (const std::int64_t trial : stage.trials) {
    const auto found = known_.find({trial, stage.rung});
    if (found == known_.end()) {
      left.push_back(trial);
    } else {
      histories_[at(trial)].push_back(found->second);
      known.push_back(found->second);
    }
  }
  if (progress_) progress_->begin_stage(stage, known);
  if (left.empty()) return true;
  exchange(train_free_trials(left));
  return std::all_of(left.begin(), left.end(), [&](std::int64_t trial) {
    return !histories_[at(trial)].empty() && histories_[at(trial)].back().rung == stage.rung;
  });
}

/// On rank 0, when a stage has ended: what the next one goes on from and the best so far stay.
void Sweep::discard_checkpoints(const Stage& ended, std::optional<std::int64_t> best_before) {
  const auto needed = [&](std::int64_t trial) {
    const auto& next = plan_.stage().trials;
    return trial == best() || std::find(next.begin(), next.end(), trial) != next.end();
  };
  std::vector<std::int64_t> candidates = ended.trials;
  if (best_before) candidates.push_back(*best_before);
  for (const std::int64_t trial : candidates) {
    if (!needed(trial)) discard(paths_.checkpoint(trial));
  }
}

/// On rank 0. A checkpoint that is missing, since a kill came between two steps, is trained again: to the same bits.
/// False when it was stopped.
bool Sweep::secure_winner(std::int64_t winner) {
  const std::int64_t rung = histories_[at(winner)].back().rung;
  if (!holds_trial(paths_.checkpoint(winner), winner, rung)) {
    if (holds_trial(paths_.best(), winner, rung)) return true;
    Communicator alone;
    const TrialHooks hooks{[this] { return stop_asked(); }, [](const Outcome&) { return true; }};
    const auto outcome = run_trial(task_of(winner, rung), task_.data, hooks, alone);
    if (!outcome) return false;
    if (outcome->failed)
      throw Error(ExitStatus::internal,
                  fmt::format("the winner, trial {}, failed when it was trained again: {}", winner, outcome->reason));
  }
  return directory_->promote(winner);
}

/// Collective. Writes the results; false when it was stopped.
bool Sweep::finish(SweepSummary& summary) {
  const SweepTable table = make_table(task_.settings, plan_, histories_);
  summarise(table, histories_, summary);
  std::int64_t secured = 1;
  run_together(world_, [&] {
    if (world_.rank() != 0) return;
    if (summary.winner) secured = secure_winner(*summary.winner) ? 1 : 0;
    if (secured == 0) return;
    directory_->check_owner();
    write_text_atomically(paths_.result("sweep.csv"), to_csv(table));
    write_text_atomically(paths_.result("sweep.jsonl"), to_jsonl(table));
    write_h5(table, paths_.result("sweep.h5"));
    write_text_atomically(paths_.result("times.jsonl"), times_jsonl(histories_));
    directory_->clean();
  });
  return world_.all_min(secured) == 1;
}

SweepSummary Sweep::go() {
  const StopSignal signals;
  SweepSummary summary;
  summary.folder = paths_.folder;
  if (world_.rank() == 0) {
    std::vector<std::string> others;
    for (auto rank = task_.settings.ranks_per_trial; rank < world_.size(); rank += task_.settings.ranks_per_trial)
      others.push_back(paths_.journal(static_cast<int>(rank)));
    progress_.emplace(choose_progress_style(), task_.settings.metric, plan_, std::move(others), groups());
  }
  for (bool more = true; more;) {
    const Stage stage = plan_.stage();
    const auto best_before = best();
    const bool whole = run_stage();
    if (!whole) {
      summary.status = ExitStatus::stopped;
      break;
    }
    more = plan_.advance(standings_of(histories_, task_.settings.metric));
    if (world_.rank() == 0) discard_checkpoints(stage, best_before);
  }
  if (progress_) progress_->clear();
  if (summary.status == ExitStatus::done && !finish(summary)) summary.status = ExitStatus::stopped;
  if (summary.status == ExitStatus::stopped) {
    const int number = StopSignal::received();
    log_info(fmt::format("stopped by {}; go on with shoal sweep --run {} --resume",
                         number != 0 ? strsignal(number) : "train.max_seconds or another rank", paths_.folder));
  } else if (!summary.winner) {
    log_warning("every trial failed, so there is no best.h5; see the reasons in " + paths_.result("sweep.csv"));
  }
  return summary;
}

std::string start_line(const SweepTask& task, const Communicator& world) {
  const SweepSettings& s = task.settings;
  return fmt::format("{} trials ({}{}) over {} hyperparameters, compared by {}; {} {}, {} a trial; {} samples",
                     s.trials, to_string(s.search), s.halving ? " with successive halving" : "", s.space.size(),
                     to_string(s.metric), world.size(), world.size() == 1 ? "rank" : "ranks",
                     std::min<std::int64_t>(s.ranks_per_trial, world.size()), task.data.train.rows());
}

}  // namespace

SweepSummary sweep_run(const SweepRequest& request, Communicator& world) {
  check_kernels(world);
  SweepRequestPlan plan;
  run_together(world, [&] {
    if (world.rank() == 0) plan = resolve(request);
  });
  // Rank 0 alone has read files; the others get what it found.
  std::string toml = to_toml(plan.config);
  world.broadcast_string(toml);
  world.broadcast_string(plan.folder);
  if (world.rank() != 0) {
    run_together(world, [&] { plan.config = parse_config(toml, "config", "/"); });
  } else {
    run_together(world, [] {});
  }
  const SweepTask task = prepare(plan.config, world);

  std::optional<SweepDirectory> directory;
  std::string claims;
  std::string journal;
  run_together(world, [&] {
    if (world.rank() != 0) return;
    directory = take_folder(plan, task);
    claims = directory->claims();
    for (const Outcome& outcome : directory->outcomes()) journal += to_json_line(outcome);
  });
  world.broadcast_string(claims);
  world.broadcast_string(journal);
  std::vector<Outcome> known;
  std::istringstream lines(journal);
  for (std::string line; std::getline(lines, line);) {
    if (const auto outcome = parse_outcome(line)) known.push_back(*outcome);
  }
  log_info(start_line(task, world));
  if (!known.empty()) log_info(fmt::format("going on: {} trainings are done", known.size()));
  log_info("folder " + plan.folder);
  Sweep sweep(task, SweepPaths{plan.folder}, claims, std::move(directory), world);
  sweep.take(known);
  run_together(world, [&] { sweep.open_journal(); });
  return sweep.go();
}

}  // namespace shoal
