#include "shoal/tune/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <map>
#include <sstream>
#include <tuple>
#include <utility>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/kernel_check.hpp"
#include "tune/final_fit.hpp"
#include "tune/folds.hpp"
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
        plan_(task.settings, task.base.seed, task.base.train.epochs),
        gatherer_(task.settings) {}

  void take(const std::vector<Outcome>& known);
  void open_journal() { worker_.open_journal(); }
  SweepSummary go();

 private:
  std::int64_t groups() const {
    return (world_.size() + task_.settings.ranks_per_trial - 1) / task_.settings.ranks_per_trial;
  }

  /// Of one of its models, where there are folds.
  Config config_of(std::int64_t trial) const {
    return task_.config_of(plan_.places()[at(trial)], task_.settings.folded() ? 1 : 0);
  }
  bool run_stage();
  void note(const Outcome& part);
  void sort_by_cost(std::vector<TrialPart>& parts) const;
  void exchange(const std::vector<Outcome>& mine);
  void discard_checkpoints(const Stage& ended, std::optional<std::int64_t> best_before);
  std::vector<Keeper> make_keepers() const;
  std::optional<std::int64_t> best() const { return best_trial(standings_of(histories_, task_.settings.metric)); }
  std::vector<TrialPart> parts_of_trial(std::int64_t trial) const { return parts_of({trial}, task_.settings); }
  std::string place_of_winner(const TrialPart& part) const;
  bool secure_winner(std::int64_t winner);
  bool fit_finally(std::int64_t winner, SweepSummary& summary);
  void write_tables(const SweepTable& table);
  bool finish(SweepSummary& summary);

  const SweepTask& task_;
  SweepPaths paths_;
  std::optional<SweepDirectory> directory_;  // on rank 0
  Communicator& world_;
  TrialWorker worker_;
  SearchPlan plan_;
  std::map<std::tuple<std::int64_t, std::int64_t, std::int64_t>, Outcome>
      known_;  // by trial, rung, fold: of earlier jobs
  std::vector<History> histories_;
  FoldGatherer gatherer_;
  std::optional<SweepProgress> progress_;
};

void Sweep::take(const std::vector<Outcome>& known) {
  for (const Outcome& outcome : known) known_.emplace(std::tuple(outcome.trial, outcome.rung, outcome.fold), outcome);
}

void Sweep::note(const Outcome& part) {
  if (auto whole = gatherer_.take(part)) histories_[at(whole->trial)].push_back(*std::move(whole));
}

/// On the last rung the best of all rounds before is kept as well, until a better one is there. How a trial does is
/// known when the last of its folds is: until then more of them are kept, or all, where some go on.
std::vector<Keeper> Sweep::make_keepers() const {
  constexpr std::int64_t most_folds_kept = 4;  // of trials; what is missing in the end is trained again
  const auto& settings = task_.settings;
  const Stage& stage = plan_.stage();
  std::int64_t capacity = std::max<std::int64_t>(1, stage.promoted);
  if (settings.folded())
    capacity = stage.promoted > 0 ? static_cast<std::int64_t>(stage.trials.size()) : most_folds_kept;
  std::vector<Keeper> keepers(static_cast<std::size_t>(settings.models()), Keeper(capacity));
  const auto leader = best();
  if (stage.promoted > 0 || !leader) return keepers;
  const Outcome& outcome = histories_[at(*leader)].back();
  if (outcome.rung + 1 != plan_.rungs()) return keepers;
  for (std::size_t f = 0; f < keepers.size(); ++f) {
    const Outcome& model = settings.folded() ? outcome.folds[f] : outcome;
    keepers[f].take(score_of(model, settings.metric), *leader);
  }
  return keepers;
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
    if (const auto outcome = parse_outcome(line)) note(*outcome);
  }
}

/// Longest first, so that ranks end together.
void Sweep::sort_by_cost(std::vector<TrialPart>& parts) const {
  std::map<std::int64_t, double> costs;
  for (const TrialPart& part : parts) {
    if (costs.contains(part.trial)) continue;
    const TrainingCost cost = estimate_cost(config_of(part.trial), task_.data);
    costs[part.trial] = task_.settings.successive_halving.enabled ? cost.epoch : cost.whole;
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [&](const TrialPart& a, const TrialPart& b) { return costs[a.trial] > costs[b.trial]; });
}

/// Collective. False when it was stopped before its end.
bool Sweep::run_stage() {
  const Stage& stage = plan_.stage();
  histories_.resize(plan_.places().size());
  std::vector<TrialPart> left;
  std::vector<Outcome> known;
  for (const TrialPart& part : parts_of(stage.trials, task_.settings)) {
    const auto found = known_.find({part.trial, stage.rung, part.fold});
    if (found == known_.end()) {
      left.push_back(part);
    } else {
      note(found->second);
      known.push_back(found->second);
    }
  }
  if (progress_) progress_->begin_stage(stage, known);
  if (left.empty()) return true;
  run_together(world_, [&] {
    for (const TrialPart& part : left) check_room(config_of(part.trial), task_.data, load_of(world_, task_.settings));
  });
  sort_by_cost(left);
  exchange(worker_.train_free(plan_, left, make_keepers(), progress_ ? &*progress_ : nullptr));
  return std::all_of(left.begin(), left.end(), [&](const TrialPart& part) {
    const History& history = histories_[at(part.trial)];
    return !history.empty() && history.back().rung == stage.rung;
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
  for (const TrialPart& part : parts_of(candidates, task_.settings)) {
    if (!needed(part.trial)) discard(paths_.checkpoint(part.trial, part.fold));
  }
}

std::string Sweep::place_of_winner(const TrialPart& part) const {
  return part.fold > 0 ? paths_.best_of_fold(part.fold) : paths_.best();
}

/// Collective. The winner's models get their names. A checkpoint that is missing, since a kill came between two steps,
/// or nobody knew that it would be needed, is trained again: to the same bits. False when it was stopped.
bool Sweep::secure_winner(std::int64_t winner) {
  const std::int64_t rung = histories_[at(winner)].back().rung;
  const std::vector<TrialPart> parts = parts_of_trial(winner);
  const auto holds = [&](const std::string& file, const TrialPart& part) {
    return holds_trial(file, winner, rung, part.fold);
  };
  std::vector<std::int64_t> is_missing(parts.size());
  if (world_.rank() == 0) {
    for (std::size_t i = 0; i < parts.size(); ++i)
      is_missing[i] =
          holds(paths_.checkpoint(winner, parts[i].fold), parts[i]) || holds(place_of_winner(parts[i]), parts[i]) ? 0
                                                                                                                  : 1;
  }
  world_.broadcast(std::as_writable_bytes(std::span(is_missing)));
  std::vector<TrialPart> missing;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (is_missing[i] != 0) missing.push_back(parts[i]);
  }
  if (!missing.empty() && world_.all_min(worker_.train_again(plan_, missing, rung) ? 1 : 0) == 0) return false;
  run_together(world_, [&] {
    if (world_.rank() != 0) return;
    for (const TrialPart& part : parts) {
      const std::string checkpoint = paths_.checkpoint(winner, part.fold);
      if (holds(checkpoint, part)) directory_->promote(checkpoint, place_of_winner(part));
    }
  });
  return true;
}

/// Collective. The winner's setting on all rows; false when it was stopped. What an earlier winner left there goes.
bool Sweep::fit_finally(std::int64_t winner, SweepSummary& summary) {
  const Outcome& outcome = histories_[at(winner)].back();
  const std::string file = task_.settings.folded() ? paths_.best() : paths_.final_fit();
  const bool wanted = task_.settings.fits_finally();
  std::int64_t is_there = 0;
  run_together(world_, [&] {
    if (world_.rank() != 0) return;
    is_there = holds_trial(file, winner, outcome.rung, final_fit_fold) ? 1 : 0;
    if (is_there == 0 && !wanted) directory_->remove(file);
  });
  is_there = world_.all_max(is_there);
  if (is_there == 0 && !wanted) return true;
  const Config config = final_config(config_of(winner), outcome, task_.settings.metric);
  const TrainingData data = prepare_data(config, world_);
  const std::string length =
      config.train.steps > 0 ? counted(config.train.steps, "step") : counted(config.train.epochs, "epoch");
  summary.final_fit = SweepSummary::FinalFit{file, data.train.rows(), length};
  if (is_there != 0) return true;
  log_info(fmt::format("final fit: trial {} on all {} for {}", winner, counted(data.train.rows(), "row"), length));
  run_together(world_, [&] { check_memory(config, data); });
  const TrialTask task{winner, outcome.rung, {}, config, Metric::train_loss, paths_.final_part(), final_fit_fold};
  const auto fitted = worker_.train_together(task, data, world_);
  if (world_.all_max(fitted ? 1 : 0) == 0) return false;
  run_together(world_, [&] {
    if (world_.rank() != 0) return;
    if (fitted->failed)
      throw Error(ExitStatus::diverged, fmt::format("the final fit of trial {}, on all rows, failed: {}; the tables "
                                                    "and its other models are in {}",
                                                    winner, fitted->reason, paths_.folder));
    directory_->promote(paths_.final_part(), file);
  });
  return true;
}

/// On rank 0.
void Sweep::write_tables(const SweepTable& table) {
  directory_->write(paths_.csv(), to_csv(table));
  directory_->write(paths_.jsonl(), to_jsonl(table));
  // Made by itself, so where nobody but this job is; it goes with the claims.
  const std::string draft = directory_->claims() + "/sweep.h5";
  write_h5(table, draft);
  directory_->write(paths_.h5(), read_text(draft));
  directory_->write(paths_.times(), times_jsonl(histories_));
}

/// Collective. Writes the results; false when it was stopped.
bool Sweep::finish(SweepSummary& summary) {
  const SweepTable table = make_table(task_.settings, plan_, histories_);
  summarise(table, histories_, summary);
  const Doing doing(Activity::saving);
  if (summary.winner) {
    summary.winner_leaves = leaves_of(config_of(*summary.winner));
    if (!secure_winner(*summary.winner)) return false;
  }
  run_together(world_, [&] {
    if (world_.rank() == 0) write_tables(table);
  });
  if (summary.winner && !fit_finally(*summary.winner, summary)) return false;
  run_together(world_, [&] {
    if (world_.rank() == 0) directory_->clean();
  });
  return true;
}

SweepSummary Sweep::go() {
  const StopSignal signals("trials are saved after the step under way");
  SweepSummary summary;
  summary.folder = paths_.folder;
  if (world_.rank() == 0) {
    std::vector<std::string> others;
    for (auto rank = task_.settings.ranks_per_trial; rank < world_.size(); rank += task_.settings.ranks_per_trial)
      others.push_back(paths_.journal(static_cast<int>(rank)));
    progress_.emplace(choose_progress_style(), task_.settings, plan_, std::move(others), groups());
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
    log_info(fmt::format("stopped by {}; go on with shoal {} --run {} --resume",
                         StopSignal::received() != 0 ? StopSignal::name()
                         : world_.size() == 1        ? "train.max_seconds"
                                                     : "train.max_seconds or another rank",
                         task_.settings.space.empty() ? "cv" : "sweep", paths_.folder));
  } else if (!summary.winner) {
    summary.status = ExitStatus::diverged;
    log_warning(fmt::format("every trial failed, so there is no best.h5; trial 0: {}; see the others in {}",
                            histories_.front().back().reason, paths_.csv()));
  }
  return summary;
}

std::string start_line(const SweepTask& task, const Communicator& world) {
  const SweepSettings& s = task.settings;
  const std::string models = s.folded() ? fmt::format(" of {} models each", s.folds) : "";
  if (s.space.empty())
    return fmt::format("{}{}; {}, {} a model; {} samples", counted(s.trials, "trial"), models,
                       counted(world.size(), "rank"), std::min<std::int64_t>(s.ranks_per_trial, world.size()),
                       task.data.train.rows());
  return fmt::format("{}{} ({}{}) over {}, compared by {}; {}, {} a trial; {} samples", counted(s.trials, "trial"),
                     models, to_string(s.search), s.successive_halving.enabled ? " with successive halving" : "",
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
