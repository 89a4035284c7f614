#include "shoal/tune/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/infer/distinct_models.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/cost.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/tune/out_of_fold.hpp"
#include "tune/decided_rounds.hpp"
#include "tune/folds/final_fit.hpp"
#include "tune/folds/folds.hpp"
#include "tune/population/schedule.hpp"
#include "tune/results/results.hpp"
#include "tune/trial_worker.hpp"

namespace shoal {
namespace {

std::size_t slot(std::int64_t i) { return static_cast<std::size_t>(i); }

/// A model that stays when the sweep has ended, and the file that it becomes.
struct KeptModel {
  TrialPart part;
  std::string as;
};

/// That train a trial each.
std::int64_t groups_of(const Communicator& world, const SweepSettings& settings) {
  return (world.size() + settings.ranks_per_trial - 1) / settings.ranks_per_trial;
}

/// A sweep under way, on every rank. All of them meet at the end of a stage alone.
class Sweep {
 public:
  Sweep(const SweepTask& task, SweepPaths paths, std::string claims, std::optional<SweepDirectory> directory,
        std::vector<std::vector<Place>> decided, Communicator& world)
      : task_(task),
        paths_(std::move(paths)),
        directory_(std::move(directory)),
        world_(world),
        worker_(task, paths_, std::move(claims), world),
        plan_(task.settings, task.base.seed, task.base.train.epochs, std::move(decided)),
        gatherer_(task.settings) {}

  void take(const std::vector<Outcome>& known);
  void open_journal() { worker_.open_journal(); }
  SweepSummary go();

 private:
  /// Of one of its models, where there are folds.
  Config config_of(std::int64_t trial) const {
    return task_.config_of(plan_.places()[slot(trial)], task_.settings.folded() ? 1 : 0);
  }
  bool run_stage();
  void note(const Outcome& part);
  void sort_by_cost(std::vector<TrialPart>& parts) const;
  void exchange(const std::vector<Outcome>& mine);
  void keep_rounds();
  std::vector<std::int64_t> kept_trials() const;
  void discard_checkpoints(const Stage& ended, const std::vector<std::int64_t>& kept_before);
  std::vector<Keeper> make_keepers() const;
  std::optional<std::int64_t> best() const { return best_trial(standings_of(histories_, task_.settings.metric)); }
  std::vector<KeptModel> kept_models(std::int64_t winner) const;
  std::string file_of(const KeptModel& model, std::int64_t rung) const;
  bool secure_best(std::int64_t winner);
  std::int64_t members_of_an_ensemble() const;
  bool fit_finally(std::int64_t winner, SweepSummary& summary);
  void write_tables(const SweepTable& table);
  bool finish(SweepSummary& summary);
  /// The line that goes on with it.
  std::string way_on() const {
    return fmt::format("shoal {} --run {} --resume", task_.settings.space.empty() ? "cv" : "sweep",
                       shell_word(paths_.folder));
  }

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

/// The best trials so far of those that were trained to the end: as many as sweep.keep, and one for best.h5. With
/// folds that one alone, whose models have files of their own.
std::vector<std::int64_t> Sweep::kept_trials() const {
  const std::vector<Standing> standings = standings_of(histories_, task_.settings.metric);
  std::vector<std::int64_t> ended;
  for (std::size_t t = 0; t < standings.size(); ++t) {
    if (!standings[t].failed && standings[t].rung + 1 == plan_.rungs()) ended.push_back(static_cast<std::int64_t>(t));
  }
  ended = from_best(std::move(ended), standings);
  ended.resize(
      std::min(ended.size(), slot(task_.settings.folded() ? 1 : std::max<std::int64_t>(1, task_.settings.keep))));
  return ended;
}

void Sweep::note(const Outcome& part) {
  auto whole = gatherer_.take(part);
  if (!whole) return;
  History& history = histories_[slot(whole->trial)];
  history.push_back(*std::move(whole));
}

/// On the last rung the best of all rounds before are kept as well, until better ones are there. How a trial of several
/// models does is known when the last of them is: until then more of each fold are kept, or all, where some go on.
std::vector<Keeper> Sweep::make_keepers() const {
  constexpr std::int64_t most_of_a_fold = 4;  // what is missing in the end is trained again
  const auto& settings = task_.settings;
  const Stage& stage = plan_.stage();
  std::int64_t capacity = settings.folded() ? most_of_a_fold : std::max<std::int64_t>(1, settings.keep);
  if (stage.promoted > 0) capacity = settings.folded() ? std::ssize(stage.trials) : stage.promoted;
  std::vector<Keeper> keepers(slot(settings.models()), Keeper(capacity));
  if (stage.promoted > 0) return keepers;
  for (const std::int64_t trial : kept_trials()) {
    const Outcome& outcome = histories_[slot(trial)].back();
    for (std::size_t f = 0; f < keepers.size(); ++f)
      keepers[f].take(score_of(settings.folded() ? outcome.folds[f] : outcome, settings.metric), trial);
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
  for (const Outcome& outcome : outcomes_of(all)) note(outcome);
}

/// Longest first, so that ranks end together.
void Sweep::sort_by_cost(std::vector<TrialPart>& parts) const {
  std::map<std::int64_t, double> costs;
  for (const TrialPart& part : parts) {
    if (costs.contains(part.trial)) continue;
    const TrainingCost cost = estimate_cost(config_of(part.trial), task_.data);
    costs[part.trial] = plan_.stage().epochs > 0 ? cost.epoch : cost.whole;
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
    const History& history = histories_[slot(part.trial)];
    return !history.empty() && history.back().rung == stage.rung;
  });
}

/// Collective. Before its first trial begins, a round is on disk.
void Sweep::keep_rounds() {
  run_together(world_, [&] {
    if (world_.rank() != 0) return;
    const Doing doing(Activity::saving);
    directory_->write(paths_.rounds(), to_jsonl(plan_.later_rounds()));
  });
}

/// On rank 0, when a stage has ended: what the next one goes on from and the best so far stay.
void Sweep::discard_checkpoints(const Stage& ended, const std::vector<std::int64_t>& kept_before) {
  if (plan_.population() != nullptr) {  // nobody goes on from the generation before this one any more
    for (const std::int64_t member : ended.trials) {
      if (ended.rung > 0) discard(checkpoint_of(paths_, plan_, {member, 0}, ended.rung - 1));
    }
    return;
  }
  std::vector<std::int64_t> needing = kept_trials();
  needing.insert(needing.end(), plan_.stage().trials.begin(), plan_.stage().trials.end());
  if (const auto leader = best()) needing.push_back(*leader);
  const auto needed = [&](std::int64_t trial) { return std::ranges::find(needing, trial) != needing.end(); };
  std::vector<std::int64_t> candidates = ended.trials;
  candidates.insert(candidates.end(), kept_before.begin(), kept_before.end());
  for (const TrialPart& part : parts_of(candidates, task_.settings)) {
    if (!needed(part.trial)) discard(paths_.checkpoint(part.trial, part.fold));
  }
}

/// What stays at the end: with folds the winner's models, else the best trials and the winner as best.h5.
std::vector<KeptModel> Sweep::kept_models(std::int64_t winner) const {
  std::vector<KeptModel> models;
  if (!task_.settings.folded() && task_.settings.keep > 0) {
    for (const std::int64_t trial : kept_trials()) models.push_back({{trial, 0}, paths_.kept(trial)});
  }
  // Last, since what is best.h5 now may be one of those.
  for (const TrialPart& part : parts_of({winner}, task_.settings))
    models.push_back({part, part.fold > 0 ? paths_.best_of_fold(part.fold) : paths_.best()});
  return models;
}

/// Where a model lies; empty: nowhere.
std::string Sweep::file_of(const KeptModel& model, std::int64_t rung) const {
  const TrialPart part = model.part;
  std::vector<std::string> files = {model.as, checkpoint_of(paths_, plan_, part, rung)};
  if (part.fold == 0) files.insert(files.end(), {paths_.kept(part.trial), paths_.best()});
  const auto found = std::ranges::find_if(
      files, [&](const std::string& file) { return holds_trial(file, part.trial, rung, part.fold); });
  return found == files.end() ? "" : *found;
}

/// Collective. What stays gets its name. A checkpoint that is missing, since a kill came between two steps, or nobody
/// knew that it would be needed, is trained again: to the same bits. False when it was stopped.
bool Sweep::secure_best(std::int64_t winner) {
  const auto gone = [&](const std::string& what) {
    return Error(ExitStatus::input_output,
                 fmt::format("{} is gone from {}; go on with {}", what, paths_.folder, way_on()));
  };
  const std::int64_t rung = histories_[slot(winner)].back().rung;  // of all that stay
  const std::vector<KeptModel> models = kept_models(winner);
  std::vector<std::string> files(models.size());  // on rank 0
  std::vector<std::int64_t> is_missing(models.size());
  const auto look = [&](std::size_t i) {
    files[i] = file_of(models[i], rung);
    is_missing[i] = files[i].empty() ? 1 : 0;
  };
  for (std::size_t i = 0; i < models.size() && world_.rank() == 0; ++i) look(i);
  world_.broadcast(std::as_writable_bytes(std::span(is_missing)));
  std::vector<TrialPart> missing;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (is_missing[i] != 0) missing.push_back(models[i].part);
  }
  if (!missing.empty() && world_.all_min(worker_.train_again(plan_, missing, rung) ? 1 : 0) == 0) return false;
  run_together(world_, [&] {
    if (world_.rank() != 0) return;
    std::vector<Promotion> promotions;
    std::vector<std::int64_t> kept;
    for (std::size_t i = 0; i < models.size(); ++i) {
      const auto& [part, as] = models[i];
      if (is_missing[i] != 0) look(i);
      if (is_missing[i] != 0) throw gone(fmt::format("the checkpoint of trial {}", part.trial));
      if (files[i] != as) promotions.push_back({files[i], as});
      if (as == paths_.kept(part.trial)) kept.push_back(part.trial);
    }
    if (!directory_->promote(promotions)) throw gone("a checkpoint");
    directory_->keep_only(kept);
  });
  return true;
}

/// Collective, when the best are secure. How many of those that stay are an ensemble: models that differ to the bit,
/// all of one loss; 0 where losses differ.
std::int64_t Sweep::members_of_an_ensemble() const {
  std::int64_t members = 0;
  run_together(world_, [&] {
    if (world_.rank() != 0) return;
    DistinctModels models(WhichWeights::judged);
    std::optional<Loss> one;
    for (const std::int64_t trial : kept_trials()) {
      const Loss loss = loss_for(config_of(trial), task_.data.train);
      if (one && (one->name != loss.name || one->numbers.levels != loss.numbers.levels)) {
        members = 0;
        return;
      }
      one = loss;
      members += models.add(paths_.kept(trial)) ? 0 : 1;
    }
  });
  return world_.all_max(members);
}

/// Collective. The winner's setting on all rows; false when it was stopped. What an earlier winner left there goes.
bool Sweep::fit_finally(std::int64_t winner, SweepSummary& summary) {
  const Outcome& outcome = histories_[slot(winner)].back();
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
  const std::string length = length_text(config.train);
  summary.final_fit = SweepSummary::FinalFit{file, data.train.rows(), length};
  if (is_there != 0) return true;
  log_info(fmt::format("final fit: trial {} on all {} for {}", winner, counted(data.train.rows(), "row"), length));
  if (const std::string line = refitted_schedule_line(config_of(winner), config); !line.empty()) log_info(line);
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
    if (!directory_->promote({{paths_.final_part(), file}}))
      throw Error(ExitStatus::input_output, fmt::format("{} is gone; go on with {}", paths_.final_part(), way_on()));
  });
  return true;
}

/// On rank 0.
void Sweep::write_tables(const SweepTable& table) {
  // Made by itself, so where nobody but this job is; it goes with the claims.
  const std::string draft = directory_->claims() + "/sweep.h5";
  write_h5(table, draft);
  directory_->write({{paths_.csv(), to_csv(table)},
                     {paths_.jsonl(), to_jsonl(table)},
                     {paths_.h5(), read_text(draft)},
                     {paths_.times(), times_jsonl(histories_)}});
}

/// Collective. Writes the results; false when it was stopped.
bool Sweep::finish(SweepSummary& summary) {
  const SweepTable table = make_table(task_.settings, plan_, histories_);
  summarise(table, histories_, summary);
  summary.kept = task_.settings.keep > 0 && !task_.settings.folded() ? std::ssize(kept_trials()) : 0;
  const Doing doing(Activity::saving);
  if (summary.winner) {
    summary.winner_leaves = leaves_of(config_of(*summary.winner));
    if (!secure_best(*summary.winner)) return false;
    if (summary.kept > 1) summary.ensemble = members_of_an_ensemble();
  }
  run_together(world_, [&] {
    if (world_.rank() != 0) return;
    if (summary.winner && plan_.population() != nullptr) {
      const auto [start, journal] =
          schedule_of(plan_, task_.base, task_.settings, task_.data.train.rows(), *summary.winner, plan_.stage().rung);
      directory_->write_winner(start, journal);
    }
    write_tables(table);
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
  summary.population = plan_.population() != nullptr;
  if (world_.rank() == 0) {
    std::vector<std::string> others;
    for (auto rank = task_.settings.ranks_per_trial; rank < world_.size(); rank += task_.settings.ranks_per_trial)
      others.push_back(paths_.journal(static_cast<int>(rank)));
    progress_.emplace(choose_progress_style(), task_.settings, plan_, std::move(others),
                      groups_of(world_, task_.settings));
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
    if (learns(task_.settings.search)) keep_rounds();
    if (world_.rank() == 0) discard_checkpoints(stage, kept_before);
  }
  if (progress_) progress_->clear();
  if (summary.status == ExitStatus::done && !finish(summary)) summary.status = ExitStatus::stopped;
  if (summary.status == ExitStatus::stopped) {
    log_info(fmt::format("stopped by {}; go on with {}",
                         StopSignal::received() != 0 ? StopSignal::name()
                         : world_.size() == 1        ? "train.max_seconds"
                                                     : "train.max_seconds or another rank",
                         way_on()));
  } else if (!summary.winner) {
    summary.status = ExitStatus::diverged;
    log_warning(fmt::format("every trial failed, so there is no best.h5; trial 0: {}; see the others in {}",
                            histories_.front().back().reason, paths_.csv()));
  }
  return summary;
}

std::string start_line(const SweepTask& task, const Communicator& world) {
  const SweepSettings& s = task.settings;
  const std::string rounds = learns(s.search) ? " in rounds of " + std::to_string(s.round) : "";
  const std::string models = s.folded() ? fmt::format(" of {} models each", s.folds) : "";
  const std::int64_t generation = s.population.epochs_of_generation(task.base.train.epochs);
  const std::string what = s.population.enabled() ? fmt::format("a population of {} in generations of {}",
                                                                s.population.members, counted(generation, "epoch"))
                                                  : counted(s.trials, "trial");
  if (s.space.empty())
    return fmt::format("{}{}; {}, {} a model; {} samples", what, models, counted(world.size(), "rank"),
                       std::min<std::int64_t>(s.ranks_per_trial, world.size()), task.data.train.rows());
  return fmt::format("{}{} ({}{}{}) over {}, compared by {}; {}, {} a trial; {} samples", what, models,
                     to_string(s.search), rounds, s.successive_halving.enabled ? " with successive halving" : "",
                     counted(static_cast<std::int64_t>(s.space.size()), "hyperparameter"), to_string(s.metric),
                     counted(world.size(), "rank"), std::min<std::int64_t>(s.ranks_per_trial, world.size()),
                     task.data.train.rows());
}

/// Empty where no two trials are known to be equal.
std::string taken_over_line(const SweepTask& task) {
  const SearchPlan plan(task.settings, task.base.seed, task.base.train.epochs);
  if (plan.taken_over() == 0) return "";
  const auto trials = static_cast<std::int64_t>(plan.places().size());
  return fmt::format("{}{} with the values of an earlier one {} its result: {} trained, {} taken over",
                     counted(plan.taken_over(), "trial"), plan.rounds() > 1 ? " of the first round" : "",
                     plan.taken_over() == 1 ? "takes" : "take", trials - plan.taken_over(), plan.taken_over());
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
  SweepSettings& settings = plan.config.sweep;
  if (learns(settings.search) && settings.round == 0)
    settings.round = default_round(settings, groups_of(world, settings));
  // Rank 0 alone has read files; the others get what it found.
  std::string toml = to_toml(plan.config);
  world.broadcast_string(toml);
  world.broadcast_string(plan.folder);
  run_together(world, [&] {
    if (world.rank() != 0) plan.config = parse_config(toml, "config", "/");
  });
  watchdog.emplace(world, plan.config.parallel.stall_timeout);  // the sweep's own patience from here on
  const SweepTask task = prepare(plan.config, world);
  if (request.predictions) {
    run_together(world, [&] {
      if (world.rank() == 0) check_out_of_fold(*request.predictions, task.base, task.data);
    });
  }

  std::optional<SweepDirectory> directory;
  std::string claims;
  std::string journal;
  std::string rounds;
  run_together(world, [&] {
    if (world.rank() != 0) return;
    directory = take_folder(plan, task);
    plan.folder = directory->paths().folder;
    claims = directory->claims();
    for (const Outcome& outcome : directory->outcomes()) journal += to_json_line(outcome);
    if (plan.goes_on) rounds = to_jsonl(read_rounds(directory->paths().rounds()));
  });
  world.broadcast_string(rounds);
  world.broadcast_string(plan.folder);  // the name may have been taken meanwhile
  world.broadcast_string(claims);
  check_folder(claims, world);
  world.broadcast_string(journal);
  const std::vector<Outcome> known = outcomes_of(journal);
  log_info(start_line(task, world));
  if (const std::string line = world.crowding(); !line.empty()) log_warning(line);
  if (world.rank() == 0 && !plan.goes_on) {
    for (const std::string& line : idle_lines(task)) log_warning(line);
    if (const std::string line = too_few_trials_line(task.settings); !line.empty()) log_warning(line);
  }
  if (task.settings.search == Search::grid) log_info(grid_line(task.settings));
  if (task.base.train.early_stopping.patience > 0)
    log_info(
        "trials count by their last evaluation, also where train.early_stopping ends them; their best is not kept");
  if (const std::string line = taken_over_line(task); !line.empty()) log_info(line);
  if (!known.empty()) log_info(fmt::format("going on: {} trainings are done", known.size()));
  log_info("folder " + plan.folder);
  Sweep sweep(task, SweepPaths{plan.folder}, claims, std::move(directory), parse_rounds(rounds), world);
  sweep.take(known);
  run_together(world, [&] { sweep.open_journal(); });
  doing.reset();
  return sweep.go();
}

}  // namespace shoal
