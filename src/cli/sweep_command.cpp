// The command sweep: trains many models apart, and says which is the best and what mattered.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

std::string report(const SweepSummary& summary) {
  std::string text = align(summary.best);
  if (!summary.importance.empty())
    text +=
        '\n' + align(summary.importance) +
        "share of variance: functional ANOVA on one hyperparameter at a time (Hutter et al. 2014); rank correlation: "
        "Spearman\n";
  text += fmt::format("\n{} done", summary.done);
  if (summary.stopped > 0) text += fmt::format(", {} stopped early", summary.stopped);
  text += fmt::format(", {} failed; all in {}\n", summary.failed, SweepPaths{summary.folder}.csv());
  if (summary.winner)
    text += fmt::format("best: trial {}; train on with: shoal train --resume {} --set train.epochs=N ({})\n",
                        *summary.winner, SweepPaths{summary.folder}.best(),
                        summary.winner_leaves == 1 ? "1 rank" : fmt::format("up to {} ranks", summary.winner_leaves));
  if (summary.kept > 1)
    text += fmt::format("the best {} as one: shoal predict {} --best {} --data FILE --out FILE\n", summary.kept,
                        summary.folder, summary.kept);
  return text;
}

}  // namespace

ExitStatus execute(const SweepRequest& request, Communicator& world) {
  const SweepSummary summary = sweep_run(request, world);
  if (world.rank() == 0 && summary.status != ExitStatus::stopped) print(report(summary));
  return summary.status;
}

}  // namespace shoal
