// The command sweep: trains many models apart, and says which is the best and what mattered; or writes a config for
// that.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/sweep_text.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

std::string report(const SweepSummary& summary) {
  std::string text = align(summary.best);
  if (!summary.importance.empty())
    text +=
        '\n' + align(summary.importance) +
        "share of variance: functional ANOVA by trees, of the ranks of the metric (Hutter et al. 2014), from 16 trials "
        "on; rank correlation: Spearman, from 8 on\n";
  text += fmt::format("\n{} done", summary.done);
  if (summary.stopped > 0) text += fmt::format(", {} stopped early", summary.stopped);
  text += fmt::format(", {} failed", summary.failed);
  if (summary.taken_over > 0) text += fmt::format(", {} taken over from equal trials", summary.taken_over);
  text += fmt::format("; all in {}\n", SweepPaths{summary.folder}.csv());
  if (summary.winner) text += models_text(summary);
  if (summary.winner && summary.population)
    text += fmt::format("its schedule: {}; repeat it with: shoal train --replay {}\n",
                        SweepPaths{summary.folder}.winner().nudges(), shell_word(summary.folder));
  if (summary.ensemble > 1)
    text += fmt::format("the best {} as one: shoal predict {} --best {} --data FILE --out FILE\n", summary.ensemble,
                        shell_word(summary.folder), summary.ensemble);
  return text;
}

}  // namespace

ExitStatus execute(const SweepRequest& request, Communicator& world) {
  const SweepSummary summary = sweep_run(request, world);
  if (world.rank() == 0 && summary.status != ExitStatus::stopped) print(report(summary));
  return summary.status;
}

ExitStatus execute(const FirstSweepRequest& request, Communicator& world) {
  run_together(world, [&] {
    if (world.rank() == 0) print(write_first_sweep(request).told);
  });
  return ExitStatus::done;
}

}  // namespace shoal
