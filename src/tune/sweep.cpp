#include "shoal/tune/sweep.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/activity.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/guard/watchdog.hpp"
#include "shoal/train/kernel_check.hpp"
#include "shoal/tune/out_of_fold.hpp"
#include "tune/decided_rounds.hpp"
#include "tune/start/start_lines.hpp"
#include "tune/start/sweep_folder.hpp"
#include "tune/start/sweep_request.hpp"
#include "tune/start/sweep_task.hpp"
#include "tune/sweep_end.hpp"
#include "tune/sweep_stages.hpp"
#include "tune/sweep_under_way.hpp"

namespace shoal {
namespace {

/// Collective. Rank 0 alone reads files; the others get what it found.
SweepRequestPlan resolve_together(const SweepRequest& request, Communicator& world) {
  SweepRequestPlan plan;
  run_together(world, [&] {
    if (world.rank() == 0) plan = resolve(request);
  });
  SweepSettings& settings = plan.config.sweep;
  if (learns(settings.search) && settings.round == 0)
    settings.round = default_round(settings, groups_of(world, settings));
  std::string toml = to_toml(plan.config);
  world.broadcast_string(toml);
  world.broadcast_string(plan.folder);
  run_together(world, [&] {
    if (world.rank() != 0) plan.config = parse_config(toml, "config", "/");
  });
  return plan;
}

/// The folder of a sweep, and what earlier jobs have left there.
struct TakenFolder {
  std::optional<SweepDirectory> directory;  // on rank 0
  std::string path;
  std::string claims;
  std::vector<Outcome> known;
  std::vector<std::vector<Place>> decided;
};

/// Collective.
TakenFolder take_folder_together(const SweepRequestPlan& plan, const SweepTask& task, Communicator& world) {
  TakenFolder taken;
  std::string journal;
  std::string rounds;
  run_together(world, [&] {
    if (world.rank() != 0) return;
    taken.directory = take_folder(plan, task);
    taken.path = taken.directory->paths().folder;
    taken.claims = taken.directory->claims();
    for (const Outcome& outcome : taken.directory->outcomes()) journal += to_json_line(outcome);
    if (plan.goes_on) rounds = to_jsonl(read_rounds(taken.directory->paths().rounds()));
  });
  for (std::string* text : {&taken.path, &taken.claims, &journal, &rounds}) world.broadcast_string(*text);
  check_folder(taken.claims, world);
  taken.known = outcomes_of(journal);
  taken.decided = parse_rounds(rounds);
  return taken;
}

void say_stopped(const SweepUnderWay& sweep) {
  log_info(fmt::format("stopped by {}; go on with {}",
                       StopSignal::received() != 0 ? StopSignal::name()
                       : sweep.world.size() == 1   ? "train.max_seconds"
                                                   : "train.max_seconds or another rank",
                       sweep.way_on()));
}

/// Collective.
SweepSummary train_all(SweepUnderWay& sweep, SweepStages& stages) {
  const StopSignal signals("trials are saved after the step under way");
  SweepSummary summary;
  summary.folder = sweep.paths.folder;
  summary.population = sweep.plan.population() != nullptr;
  if (!stages.run() || !finish(sweep, summary)) {
    summary.status = ExitStatus::stopped;
    say_stopped(sweep);
  } else if (!summary.winner) {
    summary.status = ExitStatus::diverged;
    log_warning(fmt::format("every trial failed, so there is no best.h5; trial 0: {}; see the others in {}",
                            sweep.histories.front().back().reason, sweep.paths.csv()));
  }
  return summary;
}

}  // namespace

SweepSummary sweep_run(const SweepRequest& request, Communicator& world) {
  std::optional<Watchdog> watchdog(std::in_place, world, ParallelConfig().stall_timeout);
  std::optional<Doing> doing(std::in_place, Activity::starting);
  check_kernels(world);
  const SweepRequestPlan plan = resolve_together(request, world);
  watchdog.emplace(world, plan.config.parallel.stall_timeout);  // the sweep's own patience from here on
  const SweepTask task = prepare(plan.config, world);
  if (request.predictions) {
    run_together(world, [&] {
      if (world.rank() == 0) check_out_of_fold(*request.predictions, task.base, task.data);
    });
  }
  TakenFolder taken = take_folder_together(plan, task, world);
  say_start(task, plan.goes_on, world);
  if (!taken.known.empty()) log_info(fmt::format("going on: {} trainings are done", taken.known.size()));
  log_info("folder " + taken.path);
  SweepUnderWay sweep(task, SweepPaths{taken.path}, taken.claims, std::move(taken.directory), std::move(taken.decided),
                      world);
  SweepStages stages(sweep, taken.known);
  run_together(world, [&] { sweep.worker.open_journal(); });
  doing.reset();
  return train_all(sweep, stages);
}

}  // namespace shoal
