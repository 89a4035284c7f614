#include "shoal/tune/best_checkpoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/run/run_paths.hpp"
#include "shoal/tune/sweep_view.hpp"

namespace shoal {

std::vector<std::string> best_checkpoints(const std::string& sweep, std::int64_t n, DistinctModels& models) {
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
  if (n > std::ssize(done))
    refuse(fmt::format("only {} of {}, equal ones counted once, {} trained to the end; give {} or fewer", done.size(),
                       counted(std::ssize(view.rows), "trial"), done.size() == 1 ? "was" : "were", done.size()));
  if (n > view.config.sweep.keep)
    refuse(
        fmt::format("{} keeps {} (sweep.keep); more are kept after shoal sweep --run {} --resume --set sweep.keep={}",
                    sweep, counted(view.config.sweep.keep, "checkpoint"), shell_word(sweep), n));
  std::sort(done.begin(), done.end(), [](const auto* a, const auto* b) { return *a->place < *b->place; });
  const SweepPaths paths{sweep};
  const auto kept = std::min<std::size_t>(done.size(), static_cast<std::size_t>(view.config.sweep.keep));
  std::vector<std::string> files;
  std::int64_t equal = 0;
  for (std::size_t i = 0; i < kept && std::ssize(files) < n; ++i) {
    const std::string file = paths.kept(done[i]->trial);
    std::error_code none;
    if (!std::filesystem::exists(file, none))
      throw Error(
          ExitStatus::no_input,
          fmt::format("there is no {}; shoal sweep --run {} --resume makes what is missing", file, shell_word(sweep)));
    if (models.add(file))
      ++equal;
    else
      files.push_back(file);
  }
  if (std::ssize(files) < n)
    refuse(fmt::format("of the {} that {} keeps {} {} a model that another member has to the bit; give {} or fewer{}",
                       counted(static_cast<std::int64_t>(kept), "checkpoint"), sweep, equal,
                       equal == 1 ? "holds" : "hold", files.size(),
                       kept < done.size() ? ", or keep more (sweep.keep)" : ""));
  if (equal > 0)
    log_info(fmt::format("{}: {} left out, whose {} another member has to the bit; the next best are taken", sweep,
                         counted(equal, "trial"), equal == 1 ? "model" : "models"));
  return files;
}

}  // namespace shoal
