#include "tune/trial_worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "tune/population/schedule.hpp"

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

TrialTask TrialWorker::task_of(const SearchPlan& plan, const TrialPart& part, std::int64_t rung) const {
  const auto [trial, fold] = part;
  Schedule schedule = schedule_of(plan, task_.base, task_.settings, task_.data.train.rows(), trial, rung);
  TrialTask task{trial,
                 rung,
                 {},
                 fold > 0 ? task_.config_of(plan.place(trial, rung), fold) : std::move(schedule.start),
                 task_.settings.metric,
                 checkpoint_of(paths_, plan, part, rung),
                 fold,
                 std::move(schedule.journal),
                 sources_of(paths_, plan, trial, rung)};
  for (std::int64_t r = 0; r <= rung && plan.epochs_of_rung(r) > 0; ++r)
    task.rung_ends.push_back(plan.epochs_of_rung(r));
  return task;
}

/// Which of the parts, or -1: none is left.
std::int64_t TrialWorker::next_free(const std::string& claims_of, std::int64_t rung,
                                    const std::vector<TrialPart>& parts, std::int64_t& from) {
  while (from < static_cast<std::int64_t>(parts.size()) && !stop_asked()) {
    const std::string training = training_name(rung, parts[static_cast<std::size_t>(from)]);
    ++from;
    if (claim(claims_, claims_of + '-' + training)) return from - 1;
  }
  return -1;
}

/// Collective over the group. Nothing when it was stopped, and on ranks that the trial has no leaf for.
std::optional<Outcome> TrialWorker::train(const TrialTask& task, const std::function<bool(const Outcome&)>& wanted) {
  const TrialHooks hooks{[this] { return stop_asked(); }, wanted};
  const TrainingData& data = task_.data_of(task.fold);
  const std::int64_t leaves = leaves_of(task.config);
  if (leaves >= group_.size()) return run_trial(task, data, hooks, group_);
  Communicator part = group_.split(group_.rank() < leaves ? 0 : 1);
  return group_.rank() < leaves ? run_trial(task, data, hooks, part) : std::nullopt;
}

std::vector<Outcome> TrialWorker::train_free(const SearchPlan& plan, const std::vector<TrialPart>& parts,
                                             std::vector<Keeper> keepers, SweepProgress* progress) try {
  const Doing doing(Activity::apart);
  progress_ = progress;
  const Stage& stage = plan.stage();
  const Metric metric = task_.settings.metric;
  std::vector<Outcome> mine;
  for (std::int64_t from = 0;;) {
    std::int64_t next = leads() ? next_free(std::to_string(stage.round), stage.rung, parts, from) : -1;
    group_.broadcast(std::as_writable_bytes(std::span(&next, 1)));
    if (next < 0) {
      if (journal_) journal_->sync();
      return mine;
    }
    const TrialPart part = parts[static_cast<std::size_t>(next)];
    Keeper& keeper = keepers[static_cast<std::size_t>(std::max<std::int64_t>(0, part.fold - 1))];
    std::optional<Outcome> outcome = train(task_of(plan, part, stage.rung), [&](const Outcome& found) {
      return keeper.wants(score_of(found, metric), part.trial);
    });
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
      discard(checkpoint_of(paths_, plan, part, stage.rung));
      continue;
    }
    const Score score = score_of(*outcome, metric);
    const auto dropped = keeper.wants(score, part.trial) ? keeper.take(score, part.trial) : part.trial;
    if (dropped) discard(checkpoint_of(paths_, plan, {*dropped, part.fold}, stage.rung));
  }
} catch (const SharedError&) {
  throw;
} catch (const Error& error) {
  if (error.status() == ExitStatus::input_output) check_claims(claims_);  // then that is why
  throw;
}

bool TrialWorker::train_again(const SearchPlan& plan, const std::vector<TrialPart>& parts, std::int64_t rung) {
  const Doing doing(Activity::apart);
  progress_ = nullptr;
  bool whole = true;
  for (std::int64_t from = 0;;) {
    std::int64_t next = leads() ? next_free("again", rung, parts, from) : -1;
    group_.broadcast(std::as_writable_bytes(std::span(&next, 1)));
    if (next < 0) return whole && !stopping_;
    const TrialPart part = parts[static_cast<std::size_t>(next)];
    const auto outcome = train(task_of(plan, part, rung), [](const Outcome&) { return true; });
    if (!leads()) continue;
    whole = whole && outcome;
    if (outcome && outcome->failed)
      throw Error(ExitStatus::internal,
                  fmt::format("trial {}, which is among the best, failed when it was trained again: {}", part.trial,
                              outcome->reason));
  }
}

std::optional<Outcome> TrialWorker::train_together(const TrialTask& task, const TrainingData& data,
                                                   Communicator& world) {
  const Doing doing(Activity::apart);
  progress_ = nullptr;
  const TrialHooks hooks{[this] { return stop_asked(); }, [](const Outcome&) { return true; }};
  const std::int64_t leaves = leaves_of(task.config);
  Communicator part = world.split(world.rank() < leaves ? 0 : 1);
  return world.rank() < leaves ? run_trial(task, data, hooks, part) : std::nullopt;
}

}  // namespace shoal
