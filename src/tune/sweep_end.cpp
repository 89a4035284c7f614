#include "tune/sweep_end.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/infer/distinct_models.hpp"
#include "shoal/io/file.hpp"
#include "shoal/train/cost.hpp"
#include "tune/folds/final_fit.hpp"
#include "tune/folds/folds.hpp"
#include "tune/population/schedule.hpp"
#include "tune/results/results.hpp"

namespace shoal {
namespace {

/// A model that stays when the sweep has ended, and the file that it becomes.
struct KeptModel {
  TrialPart part;
  std::string as;
};

/// What stays at the end: with folds the winner's models, else the best trials and the winner as best.h5.
std::vector<KeptModel> kept_models(const SweepUnderWay& sweep, std::int64_t winner) {
  std::vector<KeptModel> models;
  if (!sweep.task.settings.folded() && sweep.task.settings.keep > 0) {
    for (const std::int64_t trial : sweep.kept_trials()) models.push_back({{trial, 0}, sweep.paths.kept(trial)});
  }
  // Last, since what is best.h5 now may be one of those.
  for (const TrialPart& part : parts_of({winner}, sweep.task.settings))
    models.push_back({part, part.fold > 0 ? sweep.paths.best_of_fold(part.fold) : sweep.paths.best()});
  return models;
}

/// Where a model lies; empty: nowhere.
std::string file_of(const SweepUnderWay& sweep, const KeptModel& model, std::int64_t rung) {
  const TrialPart part = model.part;
  std::vector<std::string> files = {model.as, checkpoint_of(sweep.paths, sweep.plan, part, rung)};
  if (part.fold == 0) files.insert(files.end(), {sweep.paths.kept(part.trial), sweep.paths.best()});
  const auto found = std::ranges::find_if(
      files, [&](const std::string& file) { return holds_trial(file, part.trial, rung, part.fold); });
  return found == files.end() ? "" : *found;
}

/// Collective. What stays gets its name. A checkpoint that is missing, since a kill came between two steps, or nobody
/// knew that it would be needed, is trained again: to the same bits. False when it was stopped.
bool secure_best(SweepUnderWay& sweep, std::int64_t winner) {
  const auto gone = [&](const std::string& what) {
    return Error(ExitStatus::input_output,
                 fmt::format("{} is gone from {}; go on with {}", what, sweep.paths.folder, sweep.way_on()));
  };
  const std::int64_t rung = sweep.history(winner).back().rung;  // of all that stay
  const std::vector<KeptModel> models = kept_models(sweep, winner);
  std::vector<std::string> files(models.size());  // on rank 0
  std::vector<std::int64_t> is_missing(models.size());
  const auto look = [&](std::size_t i) {
    files[i] = file_of(sweep, models[i], rung);
    is_missing[i] = files[i].empty() ? 1 : 0;
  };
  for (std::size_t i = 0; i < models.size() && sweep.world.rank() == 0; ++i) look(i);
  sweep.world.broadcast(std::as_writable_bytes(std::span(is_missing)));
  std::vector<TrialPart> missing;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (is_missing[i] != 0) missing.push_back(models[i].part);
  }
  if (!missing.empty() && sweep.world.all_min(sweep.worker.train_again(sweep.plan, missing, rung) ? 1 : 0) == 0)
    return false;
  run_together(sweep.world, [&] {
    if (sweep.world.rank() != 0) return;
    std::vector<Promotion> promotions;
    std::vector<std::int64_t> kept;
    for (std::size_t i = 0; i < models.size(); ++i) {
      const auto& [part, as] = models[i];
      if (is_missing[i] != 0) look(i);
      if (is_missing[i] != 0) throw gone(fmt::format("the checkpoint of trial {}", part.trial));
      if (files[i] != as) promotions.push_back({files[i], as});
      if (as == sweep.paths.kept(part.trial)) kept.push_back(part.trial);
    }
    if (!sweep.directory->promote(promotions)) throw gone("a checkpoint");
    sweep.directory->keep_only(kept);
  });
  return true;
}

/// Collective, when the best are secure. How many of those that stay are an ensemble: models that differ to the bit,
/// all of one loss; 0 where losses differ.
std::int64_t members_of_an_ensemble(const SweepUnderWay& sweep) {
  std::int64_t members = 0;
  run_together(sweep.world, [&] {
    if (sweep.world.rank() != 0) return;
    DistinctModels models(WhichWeights::judged);
    std::optional<Loss> one;
    for (const std::int64_t trial : sweep.kept_trials()) {
      const Loss loss = loss_for(sweep.config_of(trial), sweep.task.data.train);
      if (one && (one->name != loss.name || one->numbers.levels != loss.numbers.levels)) {
        members = 0;
        return;
      }
      one = loss;
      members += models.add(sweep.paths.kept(trial)) ? 0 : 1;
    }
  });
  return sweep.world.all_max(members);
}

/// Collective. The winner's setting on all rows; false when it was stopped. What an earlier winner left there goes.
bool fit_finally(SweepUnderWay& sweep, std::int64_t winner, SweepSummary& summary) {
  const Outcome& outcome = sweep.history(winner).back();
  const std::string file = sweep.task.settings.folded() ? sweep.paths.best() : sweep.paths.final_fit();
  const bool wanted = sweep.task.settings.fits_finally();
  std::int64_t is_there = 0;
  run_together(sweep.world, [&] {
    if (sweep.world.rank() != 0) return;
    is_there = holds_trial(file, winner, outcome.rung, final_fit_fold) ? 1 : 0;
    if (is_there == 0 && !wanted) sweep.directory->remove(file);
  });
  is_there = sweep.world.all_max(is_there);
  if (is_there == 0 && !wanted) return true;
  const Config config = final_config(sweep.config_of(winner), sweep.task.data, outcome, sweep.task.settings.metric);
  const TrainingData data = prepare_data(config, sweep.world);
  const std::string length = length_text(config.train);
  summary.final_fit = SweepSummary::FinalFit{file, data.train.rows(), data.train.name(), length};
  if (is_there != 0) return true;
  log_info(fmt::format("final fit: trial {} on all {} of {} for {}", winner, counted(data.train.rows(), "row"),
                       data.train.name(), length));
  if (const std::string line = refitted_schedule_line(sweep.config_of(winner), config); !line.empty()) log_info(line);
  run_together(sweep.world, [&] { check_memory(config, data); });
  const TrialTask task{winner, outcome.rung, {}, config, Metric::train_loss, sweep.paths.final_part(), final_fit_fold};
  const auto fitted = sweep.worker.train_together(task, data, sweep.world);
  if (sweep.world.all_max(fitted ? 1 : 0) == 0) return false;
  run_together(sweep.world, [&] {
    if (sweep.world.rank() != 0) return;
    if (fitted->failed)
      throw Error(ExitStatus::diverged, fmt::format("the final fit of trial {}, on all rows, failed: {}; the tables "
                                                    "and its other models are in {}",
                                                    winner, fitted->reason, sweep.paths.folder));
    if (!sweep.directory->promote({{sweep.paths.final_part(), file}}))
      throw Error(ExitStatus::input_output,
                  fmt::format("{} is gone; go on with {}", sweep.paths.final_part(), sweep.way_on()));
  });
  return true;
}

/// On rank 0.
void write_tables(const SweepUnderWay& sweep, const SweepTable& table) {
  // Made by itself, so where nobody but this job is; it goes with the claims.
  const std::string draft = sweep.directory->claims() + "/sweep.h5";
  write_h5(table, draft);
  sweep.directory->write({{sweep.paths.csv(), to_csv(table)},
                          {sweep.paths.jsonl(), to_jsonl(table)},
                          {sweep.paths.h5(), read_text(draft)},
                          {sweep.paths.times(), times_jsonl(sweep.histories)}});
}

}  // namespace

bool finish(SweepUnderWay& sweep, SweepSummary& summary) {
  const SweepTable table = make_table(sweep.task.settings, sweep.plan, sweep.histories);
  summarise(table, sweep.histories, summary);
  summary.kept = sweep.task.settings.keep > 0 && !sweep.task.settings.folded() ? std::ssize(sweep.kept_trials()) : 0;
  const Doing doing(Activity::saving);
  if (summary.winner) {
    summary.winner_leaves = leaves_of(sweep.config_of(*summary.winner));
    if (!secure_best(sweep, *summary.winner)) return false;
    if (summary.kept > 1) summary.ensemble = members_of_an_ensemble(sweep);
  }
  run_together(sweep.world, [&] {
    if (sweep.world.rank() != 0) return;
    if (summary.winner && sweep.plan.population() != nullptr) {
      const auto [start, journal] = schedule_of(sweep.plan, sweep.task.base, sweep.task.settings,
                                                sweep.task.data.train.rows(), *summary.winner, sweep.plan.stage().rung);
      sweep.directory->write_winner(start, journal);
    }
    write_tables(sweep, table);
  });
  if (summary.winner && !fit_finally(sweep, *summary.winner, summary)) return false;
  run_together(sweep.world, [&] {
    if (sweep.world.rank() == 0) sweep.directory->clean();
  });
  return true;
}

}  // namespace shoal
