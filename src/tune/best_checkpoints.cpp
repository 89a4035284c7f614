#include "shoal/tune/best_checkpoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "shoal/core/error.hpp"
#include "shoal/run/run_paths.hpp"
#include "shoal/tune/sweep_view.hpp"

namespace shoal {

std::vector<std::string> best_checkpoints(const std::string& sweep, std::int64_t n) {
  const SweepView view = read_sweep(sweep);
  const auto refuse = [&](const std::string& what) {
    throw Error(ExitStatus::usage, fmt::format("--best {}: {}", n, what));
  };
  if (view.under_way)
    throw Error(ExitStatus::no_input, fmt::format("the sweep in {} is under way; wait until it has ended", sweep));
  if (view.config.sweep.folded())
    refuse(fmt::format("{} has folds, and keeps the models of its best trial alone; name them: {} to {}", sweep,
                       SweepPaths{sweep}.best_of_fold(1), SweepPaths{sweep}.best_of_fold(view.config.sweep.folds)));
  std::vector<const TrialRow*> done;
  for (const TrialRow& row : view.rows) {
    if (row.status == "done" && row.place && !row.same_as) done.push_back(&row);
  }
  if (n > view.config.sweep.keep)
    refuse(
        fmt::format("{} keeps {} (sweep.keep); more are kept after shoal sweep --run {} --resume --set sweep.keep={}",
                    sweep, counted(view.config.sweep.keep, "checkpoint"), sweep, n));
  if (n > std::ssize(done))
    refuse(fmt::format("only {} of {}, equal ones counted once, {} trained to the end; give {} or fewer", done.size(),
                       counted(std::ssize(view.rows), "trial"), done.size() == 1 ? "was" : "were", done.size()));
  std::sort(done.begin(), done.end(), [](const auto* a, const auto* b) { return *a->place < *b->place; });
  const SweepPaths paths{sweep};
  std::vector<std::string> files;
  for (const TrialRow* row : done) {
    if (std::ssize(files) == n) break;
    files.push_back(paths.kept(row->trial));
    std::error_code none;
    if (!std::filesystem::exists(files.back(), none))
      throw Error(
          ExitStatus::no_input,
          fmt::format("there is no {}; shoal sweep --run {} --resume makes what is missing", files.back(), sweep));
  }
  return files;
}

}  // namespace shoal
