#include "tune/sweep_stages.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "shoal/comm/run_together.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/train/cost.hpp"
#include "tune/decided_rounds.hpp"
#include "tune/population/schedule.hpp"

namespace shoal {
namespace {

std::size_t slot(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace

SweepStages::SweepStages(SweepUnderWay& sweep, const std::vector<Outcome>& known)
    : sweep_(sweep), gatherer_(sweep.task.settings) {
  for (const Outcome& outcome : known) known_.emplace(std::tuple(outcome.trial, outcome.rung, outcome.fold), outcome);
  if (sweep.world.rank() != 0) return;
  const std::int64_t ranks = sweep.task.settings.ranks_per_trial;
  std::vector<std::string> others;
  for (std::int64_t rank = ranks; rank < sweep.world.size(); rank += ranks)
    others.push_back(sweep.paths.journal(static_cast<int>(rank)));
  progress_.emplace(choose_progress_style(), sweep.task.settings, sweep.plan, std::move(others),
                    groups_of(sweep.world, sweep.task.settings));
}

void SweepStages::note(const Outcome& part) {
  auto whole = gatherer_.take(part);
  if (!whole) return;
  History& history = sweep_.histories[slot(whole->trial)];
  history.push_back(*std::move(whole));
}

/// On the last rung the best of all rounds before are kept as well, until better ones are there. How a trial of several
/// models does is known when the last of them is: until then more of each fold are kept, or all, where some go on.
std::vector<Keeper> SweepStages::make_keepers() const {
  constexpr std::int64_t most_of_a_fold = 4;  // what is missing in the end is trained again
  const auto& settings = sweep_.task.settings;
  const Stage& stage = sweep_.plan.stage();
  std::int64_t capacity = settings.folded() ? most_of_a_fold : std::max<std::int64_t>(1, settings.keep);
  if (stage.promoted > 0) capacity = settings.folded() ? std::ssize(stage.trials) : stage.promoted;
  std::vector<Keeper> keepers(slot(settings.models()), Keeper(capacity));
  if (stage.promoted > 0) return keepers;
  for (const std::int64_t trial : sweep_.kept_trials()) {
    const Outcome& outcome = sweep_.history(trial).back();
    for (std::size_t f = 0; f < keepers.size(); ++f)
      keepers[f].take(score_of(settings.folded() ? outcome.folds[f] : outcome, settings.metric), trial);
  }
  return keepers;
}

/// Collective. Everyone learns what everyone found.
void SweepStages::exchange(const std::vector<Outcome>& mine) {
  std::string lines;
  for (const Outcome& outcome : mine) lines += to_json_line(outcome);
  std::string all;
  for (const auto& bytes : sweep_.world.gather_bytes(std::as_bytes(std::span(lines))))
    all.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  sweep_.world.broadcast_string(all);
  for (const Outcome& outcome : outcomes_of(all)) note(outcome);
}

/// Longest first, so that ranks end together.
void SweepStages::sort_by_cost(std::vector<TrialPart>& parts) const {
  std::map<std::int64_t, double> costs;
  for (const TrialPart& part : parts) {
    if (costs.contains(part.trial)) continue;
    const TrainingCost cost = estimate_cost(sweep_.config_of(part.trial), sweep_.task.data);
    costs[part.trial] = sweep_.plan.stage().epochs > 0 ? cost.epoch : cost.whole;
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [&](const TrialPart& a, const TrialPart& b) { return costs[a.trial] > costs[b.trial]; });
}

/// Collective. False when it was stopped before its end.
bool SweepStages::run_stage() {
  const Stage& stage = sweep_.plan.stage();
  sweep_.histories.resize(sweep_.plan.places().size());
  std::vector<TrialPart> left;
  std::vector<Outcome> known;
  for (const TrialPart& part : parts_of(stage.trials, sweep_.task.settings)) {
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
  run_together(sweep_.world, [&] {
    for (const TrialPart& part : left)
      check_room(sweep_.config_of(part.trial), sweep_.task.data, load_of(sweep_.world, sweep_.task.settings));
  });
  sort_by_cost(left);
  exchange(sweep_.worker.train_free(sweep_.plan, left, make_keepers(), progress_ ? &*progress_ : nullptr));
  return std::all_of(left.begin(), left.end(), [&](const TrialPart& part) {
    const History& history = sweep_.history(part.trial);
    return !history.empty() && history.back().rung == stage.rung;
  });
}

/// Collective. Before its first trial begins, a round is on disk.
void SweepStages::keep_rounds() {
  run_together(sweep_.world, [&] {
    if (sweep_.world.rank() != 0) return;
    const Doing doing(Activity::saving);
    sweep_.directory->write(sweep_.paths.rounds(), to_jsonl(sweep_.plan.later_rounds()));
  });
}

/// On rank 0, when a stage has ended: what the next one goes on from and the best so far stay.
void SweepStages::discard_checkpoints(const Stage& ended, const std::vector<std::int64_t>& kept_before) {
  if (sweep_.plan.population() != nullptr) {  // nobody goes on from the generation before this one any more
    for (const std::int64_t member : ended.trials) {
      if (ended.rung > 0) discard(checkpoint_of(sweep_.paths, sweep_.plan, {member, 0}, ended.rung - 1));
    }
    return;
  }
  std::vector<std::int64_t> needing = sweep_.kept_trials();
  needing.insert(needing.end(), sweep_.plan.stage().trials.begin(), sweep_.plan.stage().trials.end());
  if (const auto leader = best_trial(sweep_.standings())) needing.push_back(*leader);
  const auto needed = [&](std::int64_t trial) { return std::ranges::find(needing, trial) != needing.end(); };
  std::vector<std::int64_t> candidates = ended.trials;
  candidates.insert(candidates.end(), kept_before.begin(), kept_before.end());
  for (const TrialPart& part : parts_of(candidates, sweep_.task.settings)) {
    if (!needed(part.trial)) discard(sweep_.paths.checkpoint(part.trial, part.fold));
  }
}

bool SweepStages::run() {
  bool whole = true;
  for (bool more = true; more;) {
    const Stage stage = sweep_.plan.stage();
    const auto kept_before = sweep_.kept_trials();
    whole = run_stage();
    if (!whole) break;
    more = sweep_.plan.advance(sweep_.standings());
    if (learns(sweep_.task.settings.search)) keep_rounds();
    if (sweep_.world.rank() == 0) discard_checkpoints(stage, kept_before);
  }
  if (progress_) progress_->clear();
  return whole;
}

}  // namespace shoal
