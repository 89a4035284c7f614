#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>
#include <variant>
#include <vector>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/report.hpp"
#include "shoal/comm/alike.hpp"
#include "shoal/comm/launcher.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/float_modes.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"

namespace {

int run(int argc, char** argv, shoal::Communicator& world) {
  shoal::check_environment(world);
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  std::string command;
  for (const std::string& argument : arguments) command += argument + '\n';
  shoal::require_alike(world, "the command line", command, shoal::ExitStatus::usage,
                       "start all ranks with one command");
  shoal::Request request;
  shoal::run_together(world, [&] {
    shoal::select_instruction_set();
    request = shoal::parse_command_line(arguments);
    if (std::holds_alternative<shoal::TrainRequest>(request) || std::holds_alternative<shoal::SweepRequest>(request))
      shoal::refuse_scattered_step(std::getenv);
  });
  shoal::set_threads(world.threads_for_this_rank());
  const auto status = std::visit([&](const auto& asked) { return shoal::execute(asked, world); }, request);
  bool read = true;
  shoal::run_together(world, [&] { read = shoal::end_output(); });
  return read ? static_cast<int>(status) : 128 + SIGPIPE;  // as a shell tells of who ended by that signal
}

}  // namespace

int main(int argc, char** argv) {
  const shoal::DefaultFloatModes modes;  // a library may have been linked by -ffast-math; threads inherit them
  shoal::prepare_process();
  const shoal::Communicator alone;  // until MPI has started, and where it does not
  return shoal::report_errors(alone, [&] {
    shoal::Session session(argc, argv);
    return shoal::report_errors(session.world(), [&] { return run(argc, argv, session.world()); });
  });
}
