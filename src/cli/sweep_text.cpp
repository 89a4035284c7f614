#include "cli/sweep_text.hpp"

#include <fmt/format.h>

#include "shoal/core/shell_word.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {

std::string models_text(const SweepSummary& summary) {
  const SweepPaths paths{summary.folder};
  const auto folds = static_cast<std::int64_t>(summary.shown->folds.size());
  const std::string ranks =
      summary.winner_leaves == 1 ? "1 rank" : fmt::format("up to {} ranks", summary.winner_leaves);
  const auto train_on = [&](const std::string& file) {
    return fmt::format("train on with: shoal train --resume {} --set train.epochs=N ({})", shell_word(file), ranks);
  };
  std::string text;
  if (folds == 0) text += fmt::format("best: trial {}; {}\n", *summary.winner, train_on(paths.best()));
  if (folds > 0)
    text += fmt::format("best: trial {}; models of its folds: {} to {}\n", *summary.winner, paths.best_of_fold(1),
                        paths.best_of_fold(folds));
  if (summary.final_fit)
    text += fmt::format("final fit: trial {} on all {} of {} for {}: {}\n", *summary.winner,
                        counted(summary.final_fit->rows, "row"), summary.final_fit->splits, summary.final_fit->length,
                        summary.final_fit->file);
  return text;
}

}  // namespace shoal
