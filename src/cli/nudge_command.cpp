#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/log.hpp"
#include "shoal/guard/stop_signal.hpp"
#include "shoal/run/nudges.hpp"

namespace shoal {

ExitStatus execute(const NudgeRequest& request, Communicator& world) {
  run_together(world, [&] {
    if (world.rank() != 0) return;
    const StopSignal signals;  // a nudge that is not taken yet is withdrawn, not left behind
    const auto cancelled = [] { return StopSignal::received() != 0; };
    if (request.wish() != RunWish::nudge) {
      print(ask_run(request.run, request.wish(), cancelled) + '\n');
      return;
    }
    const TakenNudges taken = nudge_run(request.run, request.settings, request.at_step, cancelled);
    for (const Nudge& nudge : taken.nudges) print(fmt::format("{} from step {} on\n", nudge.assignment(), nudge.step));
    for (const std::string& note : taken.notes) log_warning(note);
  });
  return ExitStatus::done;
}

}  // namespace shoal
