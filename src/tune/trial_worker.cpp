#include "tune/trial_worker.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "shoal/guard/activity.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/tune/search_space.hpp"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds between_signs{1};
// A line that a failing host loses costs its training once more, to the same bits.
constexpr std::chrono::seconds between_syncs{1};
constexpr const char* stop_note = "stop";  // beside the claims

/// The ranks that train a trial together: one by itself needs no MPI.
Communicator make_group(const Communicator& world, std::int64_t ranks_per_trial) {
  return ranks_per_trial == 1 ? Communicator() : world.split(static_cast<int>(world.rank() / ranks_per_trial));
}

}  // namespace

TrialWorker::TrialWorker(const SweepTask& task, SweepPaths paths, std::string claims, Communicator& world)
    : task_(task),
      paths_(std::move(paths)),
      claims_(std::move(claims)),
      rank_(world.rank()),
      group_(make_group(world, task.settings.ranks_per_trial)),
      started_(Clock::now()) {}

void TrialWorker::open_journal() {
  if (leads()) journal_.emplace(paths_.journal(rank_));
}

/// Also for ranks that a signal did not reach: whoever stops leaves a note where all look once a second.
bool TrialWorker::stop_asked() {
  if (progress_ != nullptr) progress_->tick();
  if (stopping_) return true;
  const Clock::time_point now = Clock::now();
  const double limit = task_.base.train.max_seconds;
  stopping_ =
      StopSignal::received() != 0 || (limit > 0.0 && std::chrono::duration<double>(now - started_).count() >= limit);
  if (stopping_) {
    claim(claims_, stop_note);
  } else if (now - looked_ >= between_signs) {
    looked_ = now;
    std::error_code none;
    stopping_ = std::filesystem::exists(claims_ + "/" + stop_note, none);
  }
  return stopping_;
}

TrialTask TrialWorker::task_of(const SearchPlan& plan, std::int64_t trial, std::int64_t rung) const {
  const Place& place = plan.places()[static_cast<std::size_t>(trial)];
  TrialTask task{trial,
                 rung,
                 {},
                 trial_config(task_.base, task_.settings.space, place),
                 task_.settings.metric,
                 paths_.checkpoint(trial)};
  if (task_.settings.successive_halving.enabled) {
    for (std::int64_t r = 0; r <= rung; ++r) task.rung_ends.push_back(plan.epochs_of_rung(r));
  }
  return task;
}

std::optional<std::int64_t> TrialWorker::next_free(const Stage& stage, const std::vector<std::int64_t>& trials,
                                                   std::size_t& from) {
  while (from < trials.size() && !stop_asked()) {
    const std::int64_t trial = trials[from++];
    if (claim(claims_, fmt::format("{}-{}-{}", stage.round, stage.rung, trial))) return trial;
  }
  return std::nullopt;
}

/// Collective over the group. Nothing when it was stopped, and on ranks that the trial has no leaf for.
std::optional<Outcome> TrialWorker::train(const TrialTask& task, const Keeper& keeper) {
  const Metric metric = task_.settings.metric;
  const TrialHooks hooks{[this] { return stop_asked(); },
                         [&](const Outcome& outcome) { return keeper.wants(score_of(outcome, metric), task.trial); }};
  const std::int64_t leaves = leaves_of(task.config);
  if (leaves >= group_.size()) return run_trial(task, task_.data, hooks, group_);
  Communicator part = group_.split(group_.rank() < leaves ? 0 : 1);
  return group_.rank() < leaves ? run_trial(task, task_.data, hooks, part) : std::nullopt;
}

std::vector<Outcome> TrialWorker::train_free(const SearchPlan& plan, const std::vector<std::int64_t>& trials,
                                             Keeper keeper, SweepProgress* progress) {
  const Doing doing(Activity::apart);
  progress_ = progress;
  std::vector<Outcome> mine;
  for (std::size_t from = 0;;) {
    std::int64_t trial = leads() ? next_free(plan.stage(), trials, from).value_or(-1) : -1;
    group_.broadcast(std::as_writable_bytes(std::span(&trial, 1)));
    if (trial < 0) {
      if (journal_) journal_->sync();
      return mine;
    }
    std::optional<Outcome> outcome = train(task_of(plan, trial, plan.stage().rung), keeper);
    if (!leads()) continue;
    if (!outcome) {
      stopping_ = true;
      continue;
    }
    outcome->rank = rank_;
    journal_->append(to_json_line(*outcome));
    if (const Clock::time_point now = Clock::now(); now - synced_ >= between_syncs) {
      synced_ = now;
      journal_->sync();
    }
    mine.push_back(*outcome);
    if (progress_ != nullptr) progress_->finished(*outcome);
    if (outcome->failed) {
      discard(paths_.checkpoint(trial));
      continue;
    }
    const Score score = score_of(*outcome, task_.settings.metric);
    const auto dropped = keeper.wants(score, trial) ? keeper.take(score, trial) : trial;
    if (dropped) discard(paths_.checkpoint(*dropped));
  }
}

std::optional<Outcome> TrialWorker::train_again(const SearchPlan& plan, std::int64_t trial, std::int64_t rung) {
  const Doing doing(Activity::apart);
  Communicator alone;
  const TrialHooks hooks{[this] { return stop_asked(); }, [](const Outcome&) { return true; }};
  return run_trial(task_of(plan, trial, rung), task_.data, hooks, alone);
}

}  // namespace shoal
