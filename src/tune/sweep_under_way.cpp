#include "tune/sweep_under_way.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "shoal/core/shell_word.hpp"

namespace shoal {

SweepUnderWay::SweepUnderWay(const SweepTask& its_task, SweepPaths its_paths, const std::string& claims,
                             std::optional<SweepDirectory> its_directory, std::vector<std::vector<Place>> decided,
                             Communicator& its_world)
    : task(its_task),
      paths(std::move(its_paths)),
      directory(std::move(its_directory)),
      world(its_world),
      worker(task, paths, claims, world),
      plan(task.settings, task.base.seed, task.base.train.epochs, std::move(decided)) {}

Config SweepUnderWay::config_of(std::int64_t trial) const {
  return task.config_of(plan.places()[static_cast<std::size_t>(trial)], task.settings.folded() ? 1 : 0);
}

std::vector<std::int64_t> SweepUnderWay::kept_trials() const {
  const std::vector<Standing> all = standings();
  std::vector<std::int64_t> ended;
  for (std::size_t t = 0; t < all.size(); ++t) {
    if (!all[t].failed && all[t].rung + 1 == plan.rungs()) ended.push_back(static_cast<std::int64_t>(t));
  }
  ended = from_best(std::move(ended), all);
  const std::int64_t most = task.settings.folded() ? 1 : std::max<std::int64_t>(1, task.settings.keep);
  ended.resize(std::min(ended.size(), static_cast<std::size_t>(most)));
  return ended;
}

std::string SweepUnderWay::way_on() const {
  return fmt::format("shoal {} --run {} --resume", task.settings.space.empty() ? "cv" : "sweep",
                     shell_word(paths.folder));
}

std::int64_t groups_of(const Communicator& world, const SweepSettings& settings) {
  return (world.size() + settings.ranks_per_trial - 1) / settings.ranks_per_trial;
}

}  // namespace shoal
