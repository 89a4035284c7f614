#include "tune/population/schedule.hpp"

#include <cassert>
#include <cstddef>

#include "shoal/config/assign.hpp"
#include "shoal/train/batch_cut.hpp"
#include "shoal/tune/search_space.hpp"

namespace shoal {

Schedule schedule_of(const SearchPlan& plan, const Config& base, const SweepSettings& settings, std::int64_t rows,
                     std::int64_t trial, std::int64_t rung) {
  const auto config_of = [&](const Place& place) { return trial_config(base, settings.space, place); };
  const Population* population = plan.population();
  if (population == nullptr) return {config_of(plan.place(trial, rung)), {}};
  const std::vector<Forebear> lineage = population->lineage(trial, rung);
  Schedule schedule{config_of(lineage.front().place), {}};
  const std::int64_t steps_per_epoch = BatchCut{rows, schedule.start.data.batch_size}.steps_per_epoch();
  for (std::size_t g = 1; g < lineage.size(); ++g) {
    const Config now = config_of(lineage[g].place);
    const std::int64_t done = plan.epochs_of_rung(static_cast<std::int64_t>(g) - 1) * steps_per_epoch;
    for (const std::string& key : differing_keys(config_of(lineage[g - 1].place), now)) {
      assert(may_be_nudged(key));
      schedule.journal.add({done + 1, key, setting_of(now, key)});
    }
  }
  return schedule;
}

std::string checkpoint_of(const SweepPaths& paths, const SearchPlan& plan, const TrialPart& part, std::int64_t rung) {
  return plan.population() == nullptr ? paths.checkpoint(part.trial, part.fold)
                                      : paths.member_checkpoint(part.trial, rung);
}

std::vector<std::string> sources_of(const SweepPaths& paths, const SearchPlan& plan, std::int64_t trial,
                                    std::int64_t rung) {
  if (plan.population() == nullptr || rung == 0) return {};
  const std::vector<Forebear> lineage = plan.population()->lineage(trial, rung);
  std::vector<std::string> sources;  // the latest first; of earlier ones there may be some that a kill has left
  for (std::int64_t g = rung - 1; g >= 0; --g)
    sources.push_back(paths.member_checkpoint(lineage[static_cast<std::size_t>(g)].member, g));
  return sources;
}

}  // namespace shoal
