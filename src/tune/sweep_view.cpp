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
#include "tune/results.hpp"
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

/// Gives each trial its outcomes, rung by rung, as the sweep itself does; the plan is then as far as that is.
std::vector<History> follow_plan(SearchPlan& plan, Metric metric, const std::vector<Outcome>& outcomes) {
  std::map<std::pair<std::int64_t, std::int64_t>, const Outcome*> known;
  for (const Outcome& outcome : outcomes) known.emplace(std::pair(outcome.trial, outcome.rung), &outcome);
  std::vector<History> trials;
  for (bool whole = true; whole;) {
    trials.resize(plan.places().size());
    for (const std::int64_t trial : plan.stage().trials) {
      const auto found = known.find({trial, plan.stage().rung});
      whole &= found != known.end();
      if (found != known.end()) trials[static_cast<std::size_t>(trial)].push_back(*found->second);
    }
    if (!whole || !plan.advance(standings_of(trials, metric))) return trials;
  }
  return trials;
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
  const std::vector<History> trials = follow_plan(plan, settings.metric, outcomes);
  SweepTable table = make_table(settings, plan, trials);
  for (const std::int64_t trial : plan.stage().trials) {
    const History& history = trials[static_cast<std::size_t>(trial)];
    if (!history.empty() && history.back().rung < plan.stage().rung)
      table.rows[static_cast<std::size_t>(trial)].status = "waiting";
  }
  view.importance = importance_of(table, trials);
  view.rows = std::move(table.rows);
  view.boxes = plan.boxes();
  view.rounds = plan.rounds();
  for (const History& history : trials) view.trainings_done += static_cast<std::int64_t>(history.size());
  view.trainings = plan.total_jobs();
  return view;
}

}  // namespace shoal
