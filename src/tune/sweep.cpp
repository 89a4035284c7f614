#include "shoal/tune/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <map>
#include <sstream>
#include <utility>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/tune/search_space.hpp"
#include "tune/results.hpp"
#include "tune/trial_worker.hpp"

namespace shoal {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A sweep under way, on every rank. All of them meet at the end of a stage alone.
class Sweep {
 public:
  Sweep(const SweepTask& task, SweepPaths paths, std::string claims, std::optional<SweepDirectory> directory,
        Communicator& world)
      : task_(task),
        paths_(std::move(paths)),
        directory_(std::move(directory)),
        world_(world),
        worker_(task, paths_, std::move(claims), world),
        plan_(task.settings, task.base.seed, task.base.train.epochs) {}

  void take(const std::vector<Outcome>& known);
  void open_journal() { worker_.open_journal(); }
  SweepSummary go();

 private:
  std::int64_t groups() const {
    return (world_.size() + task_.settings.ranks_per_trial - 1) / task_.settings.ranks_per_trial;
  }

  Config config_of(std::int64_t trial) const {
    return trial_config(task_.base, task_.settings.space, plan_.places()[at(trial)]);
  }
  bool run_stage();
  void sort_by_cost(std::vector<std::int64_t>& trials) const;
  void exchange(const std::vector<Outcome>& mine);
  std::vector<std::int64_t> kept_trials() const;
  void discard_checkpoints(const Stage& ended, const std::vector<std::int64_t>& kept_before);
  Keeper make_keeper() const;
  std::optional<std::int64_t> best() const { return best_trial(standings_of(histories_, task_.settings.metric)); }
  std::optional<std::string> checkpoint_of_trial(std::int64_t trial);
  bool secure(std::int64_t trial, const std::string& as);
  bool secure_best(std::int64_t winner);
  bool finish(SweepSummary& summary);

  const SweepTask& task_;
  SweepPaths paths_;
  std::optional<SweepDirectory> directory_;  // on rank 0
  Communicator& world_;
  TrialWorker worker_;
  SearchPlan plan_;
  std::map<std::pair<std::int64_t, std::int64_t>, Outcome> known_;  // by trial and rung: of earlier jobs
  std::vector<History> histories_;
  std::optional<SweepProgress> progress_;
};

void Sweep::take(const std::vector<Outcome>& known) {
  for (const Outcome& outcome : known) known_.emplace(std::pair(outcome.trial, outcome.rung), outcome);
}

/// The best trials so far of those that were trained to the end: as many as sweep.keep, and one for best.h5.
std::vector<std::int64_t> Sweep::kept_trials() const {
  const std::vector<Standing> standings = standings_of(histories_, task_.settings.metric);
  std::vector<std::int64_t> ended;
  for (std::size_t t = 0; t < standings.size(); ++t) {
    if (!standings[t].failed && standings[t].rung + 1 == plan_.rungs()) ended.push_back(static_cast<std::int64_t>(t));
  }
  ended = from_best(std::move(ended), standings);
  ended.resize(std::min(ended.size(), at(std::max<std::int64_t>(1, task_.settings.keep))));
  return ended;
}

/// On the last rung the best of all rounds before are kept as well, until better ones are there.
Keeper Sweep::make_keeper() const {
  if (plan_.stage().promoted > 0) return Keeper(plan_.stage().promoted);
  Keeper keeper(std::max<std::int64_t>(1, task_.settings.keep));
  for (const std::int64_t trial : kept_trials())
    keeper.take(score_of(histories_[at(trial)].back(), task_.settings.metric), trial);
  return keeper;
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

/// Longest first, so that ranks end together.
void Sweep::sort_by_cost(std::vector<std::int64_t>& trials) const {
  std::map<std::int64_t, double> costs;
  for (const std::int64_t trial : trials) {
    const TrainingCost cost = estimate_cost(config_of(trial), task_.data);
    costs[trial] = task_.settings.successive_halving.enabled ? cost.epoch : cost.whole;
  }
  std::stable_sort(trials.begin(), trials.end(), [&](std::int64_t a, std::int64_t b) { return costs[a] > costs[b]; });
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
  run_together(world_, [&] {
    for (const std::int64_t trial : left) check_room(config_of(trial), task_.data, load_of(world_, task_.settings));
  });
  sort_by_cost(left);
  exchange(worker_.train_free(plan_, left, make_keeper(), progress_ ? &*progress_ : nullptr));
  return std::all_of(left.begin(), left.end(), [&](std::int64_t trial) {
    return !histories_[at(trial)].empty() && histories_[at(trial)].back().rung == stage.rung;
  });
}

/// On rank 0, when a stage has ended: what the next one goes on from and the best so far stay.
void Sweep::discard_checkpoints(const Stage& ended, const std::vector<std::int64_t>& kept_before) {
  std::vector<std::int64_t> needing = kept_trials();
  needing.insert(needing.end(), plan_.stage().trials.begin(), plan_.stage().trials.end());
  if (const auto leader = best()) needing.push_back(*leader);
  const auto needed = [&](std::int64_t trial) { return std::ranges::find(needing, trial) != needing.end(); };
  std::vector<std::int64_t> candidates = ended.trials;
  candidates.insert(candidates.end(), kept_before.begin(), kept_before.end());
  for (const std::int64_t trial : candidates) {
    if (!needed(trial)) discard(paths_.checkpoint(trial));
  }
}

/// On rank 0. One that is missing, since a kill came between two steps or it was not kept before, is trained again: to
/// the same bits. Nothing when that was stopped.
std::optional<std::string> Sweep::checkpoint_of_trial(std::int64_t trial) {
  const std::int64_t rung = histories_[at(trial)].back().rung;
  for (const std::string& file : {paths_.checkpoint(trial), paths_.kept(trial), paths_.best()}) {
    if (holds_trial(file, trial, rung)) return file;
  }
  const auto outcome = worker_.train_again(plan_, trial, rung);
  if (!outcome) return std::nullopt;
  if (outcome->failed)
    throw Error(ExitStatus::internal,
                fmt::format("trial {}, which is among the best, failed when it was trained again: "
                            "{}",
                            trial, outcome->reason));
  return paths_.checkpoint(trial);
}

/// On rank 0. False when it was stopped.
bool Sweep::secure(std::int64_t trial, const std::string& as) {
  const auto file = checkpoint_of_trial(trial);
  return file && (*file == as || directory_->promote(*file, as));
}

/// On rank 0: best.h5, and best/. False when it was stopped.
bool Sweep::secure_best(std::int64_t winner) {
  std::vector<std::int64_t> kept = task_.settings.keep > 0 ? kept_trials() : std::vector<std::int64_t>();
  for (const std::int64_t trial : kept) {
    if (!secure(trial, paths_.kept(trial))) return false;
  }
  if (!secure(winner, paths_.best())) return false;
  directory_->keep_only(kept);
  return true;
}

/// Collective. Writes the results; false when it was stopped.
bool Sweep::finish(SweepSummary& summary) {
  const SweepTable table = make_table(task_.settings, plan_, histories_);
  summarise(table, histories_, summary);
  summary.kept = task_.settings.keep > 0 ? std::ssize(kept_trials()) : 0;
  if (summary.winner) summary.winner_leaves = leaves_of(config_of(*summary.winner));
  std::int64_t secured = 1;
  run_together(world_, [&] {
    if (world_.rank() != 0) return;
    const Doing doing(Activity::saving);
    if (summary.winner) secured = secure_best(*summary.winner) ? 1 : 0;
    if (secured == 0) return;
    directory_->write(paths_.csv(), to_csv(table));
    directory_->write(paths_.jsonl(), to_jsonl(table));
    // Made by itself, so where nobody but this job is; it goes with the claims.
    const std::string draft = directory_->claims() + "/sweep.h5";
    write_h5(table, draft);
    directory_->write(paths_.h5(), read_text(draft));
    directory_->write(paths_.times(), times_jsonl(histories_));
    directory_->clean();
  });
  return world_.all_min(secured) == 1;
}

SweepSummary Sweep::go() {
  const StopSignal signals("trials are saved after the step under way");
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
    const auto kept_before = kept_trials();
    const bool whole = run_stage();
    if (!whole) {
      summary.status = ExitStatus::stopped;
      break;
    }
    more = plan_.advance(standings_of(histories_, task_.settings.metric));
    if (world_.rank() == 0) discard_checkpoints(stage, kept_before);
  }
  if (progress_) progress_->clear();
  if (summary.status == ExitStatus::done && !finish(summary)) summary.status = ExitStatus::stopped;
  if (summary.status == ExitStatus::stopped) {
    log_info(fmt::format("stopped by {}; go on with shoal sweep --run {} --resume",
                         StopSignal::received() != 0 ? StopSignal::name()
                         : world_.size() == 1        ? "train.max_seconds"
                                                     : "train.max_seconds or another rank",
                         paths_.folder));
  } else if (!summary.winner) {
    summary.status = ExitStatus::diverged;
    log_warning(fmt::format("every trial failed, so there is no best.h5; trial 0: {}; see the others in {}",
                            histories_.front().back().reason, paths_.csv()));
  }
  return summary;
}

std::string start_line(const SweepTask& task, const Communicator& world) {
  const SweepSettings& s = task.settings;
  return fmt::format("{} ({}{}) over {}, compared by {}; {}, {} a trial; {} samples", counted(s.trials, "trial"),
                     to_string(s.search), s.successive_halving.enabled ? " with successive halving" : "",
                     counted(static_cast<std::int64_t>(s.space.size()), "hyperparameter"), to_string(s.metric),
                     counted(world.size(), "rank"), std::min<std::int64_t>(s.ranks_per_trial, world.size()),
                     task.data.train.rows());
}

}  // namespace

SweepSummary sweep_run(const SweepRequest& request, Communicator& world) {
  std::optional<Watchdog> watchdog(std::in_place, world, ParallelConfig().stall_timeout);
  std::optional<Doing> doing(std::in_place, Activity::starting);
  check_kernels(world);
  SweepRequestPlan plan;
  run_together(world, [&] {
    if (world.rank() == 0) plan = resolve(request);
  });
  // Rank 0 alone has read files; the others get what it found.
  std::string toml = to_toml(plan.config);
  world.broadcast_string(toml);
  world.broadcast_string(plan.folder);
  run_together(world, [&] {
    if (world.rank() != 0) plan.config = parse_config(toml, "config", "/");
  });
  watchdog.emplace(world, plan.config.parallel.stall_timeout);  // the sweep's own patience from here on
  const SweepTask task = prepare(plan.config, world);

  std::optional<SweepDirectory> directory;
  std::string claims;
  std::string journal;
  run_together(world, [&] {
    if (world.rank() != 0) return;
    directory = take_folder(plan, task);
    plan.folder = directory->paths().folder;
    claims = directory->claims();
    for (const Outcome& outcome : directory->outcomes()) journal += to_json_line(outcome);
  });
  world.broadcast_string(plan.folder);  // the name may have been taken meanwhile
  world.broadcast_string(claims);
  check_folder(claims, world);
  world.broadcast_string(journal);
  std::vector<Outcome> known;
  std::istringstream lines(journal);
  for (std::string line; std::getline(lines, line);) {
    if (const auto outcome = parse_outcome(line)) known.push_back(*outcome);
  }
  log_info(start_line(task, world));
  if (world.rank() == 0 && !plan.goes_on) {
    for (const std::string& line : idle_lines(task)) log_warning(line);
  }
  if (task.settings.search == Search::grid) log_info(grid_line(task.settings));
  if (!known.empty()) log_info(fmt::format("going on: {} trainings are done", known.size()));
  log_info("folder " + plan.folder);
  Sweep sweep(task, SweepPaths{plan.folder}, claims, std::move(directory), world);
  sweep.take(known);
  run_together(world, [&] { sweep.open_journal(); });
  doing.reset();
  return sweep.go();
}

}  // namespace shoal
