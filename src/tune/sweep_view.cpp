#include "shoal/tune/sweep_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_pulse.hpp"
#include "tune/decided_rounds.hpp"
#include "tune/folds/folds.hpp"
#include "tune/results/results.hpp"
#include "tune/sweep_directory.hpp"

namespace shoal {
namespace {

constexpr int most_attempts = 5;

/// Whoever goes on with a sweep first makes one journal of all.
std::vector<Outcome> read_settled(const SweepPaths& paths) {
  for (int attempt = 1;; ++attempt) {
    try {
      return read_outcomes(paths);
    } catch (const Error& e) {
      if (e.status() != ExitStatus::no_input || attempt == most_attempts) throw;
    }
  }
}

/// As far as the journals tell.
struct Followed {
  std::vector<History> trials;
  std::vector<Outcome> in_parts;  // models of trials of which not all are done
};

/// Gives each trial its outcomes, rung by rung, as the sweep itself does; the plan is then as far as that is.
Followed follow_plan(SearchPlan& plan, const SweepSettings& settings, const std::vector<Outcome>& outcomes) {
  std::map<std::pair<std::int64_t, std::int64_t>, Outcome> known;
  FoldGatherer gatherer(settings);
  Followed found;
  for (const Outcome& outcome : outcomes) {
    auto whole = gatherer.take(outcome);
    if (!whole) continue;
    const std::pair key(whole->trial, whole->rung);
    known.emplace(key, *std::move(whole));
  }
  for (const auto& [key, parts] : gatherer.waiting())
    found.in_parts.insert(found.in_parts.end(), parts.begin(), parts.end());
  for (bool whole = true; whole;) {
    found.trials.resize(plan.places().size());
    for (const std::int64_t trial : plan.stage().trials) {
      const auto outcome = known.find({trial, plan.stage().rung});
      whole &= outcome != known.end();
      if (outcome != known.end()) found.trials[static_cast<std::size_t>(trial)].push_back(outcome->second);
    }
    if (!whole || !plan.advance(standings_of(found.trials, settings.metric))) return found;
  }
  return found;
}

}  // namespace

SweepView read_sweep(const std::string& folder) {
  if (!SweepDirectory::has_sweep(folder))
    throw Error(ExitStatus::no_input, fmt::format("there is no sweep in {}; name the folder of one", folder));
  const SweepPaths paths{folder};
  SweepView view;
  view.folder = folder;
  view.under_way = RunPulse(folder).beats();
  view.config = load_config(paths.config(), {});
  const SweepSettings& settings = view.config.sweep;
  SearchPlan plan(settings, view.config.seed, view.config.train.epochs, read_rounds(paths.rounds()));
  const std::vector<Outcome> outcomes = read_settled(paths);
  const Followed followed = follow_plan(plan, settings, outcomes);
  const std::vector<History>& trials = followed.trials;
  SweepTable table = make_table(settings, plan, trials);
  const auto& stage = plan.stage();
  const bool breeds = plan.population() != nullptr && stage.rung + 1 < plan.rungs();
  for (TrialRow& row : table.rows) {
    const std::int64_t original = plan.original_of(row.trial);
    if (row.status != "waiting" && row.status != "failed" && (breeds || row.rung < stage.rung) &&
        std::binary_search(stage.trials.begin(), stage.trials.end(), original))
      row.status = "waiting";
  }
  view.importance = importance_of(table, trials);
  view.rows = std::move(table.rows);
  view.boxes = plan.boxes();
  view.rounds = plan.rounds();
  if (plan.population() != nullptr) {
    view.generations = plan.rungs();
    view.generation = plan.stage().rung + 1;
  }
  for (const History& history : trials)
    view.trainings_done += static_cast<std::int64_t>(history.size()) * settings.models();
  view.trainings_done += static_cast<std::int64_t>(followed.in_parts.size());
  for (const Outcome& part : followed.in_parts) {
    if (part.trial < static_cast<std::int64_t>(view.rows.size()))
      view.rows[static_cast<std::size_t>(part.trial)].parts_done += 1;
  }
  view.trainings = plan.total_jobs();
  return view;
}

}  // namespace shoal
