#include <algorithm>
#include <variant>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/report.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/tensor/isa.hpp"
#include "shoal/tensor/parallel.hpp"

namespace {

int run(int argc, char** argv, shoal::Communicator& world) {
  shoal::Request request;
  shoal::run_together(world, [&] {
    shoal::select_instruction_set();
    shoal::check_environment();
    request = shoal::parse_command_line({argv + std::min(argc, 1), argv + argc});
  });
  shoal::set_threads(world.threads_for_this_rank());
  const auto status = std::visit([&](const auto& asked) { return shoal::execute(asked, world); }, request);
  shoal::run_together(world, shoal::flush_output);
  return static_cast<int>(status);
}

}  // namespace

int main(int argc, char** argv) {
  shoal::prepare_process();
  const shoal::Communicator alone;  // until MPI has started, and where it does not
  return shoal::report_errors(alone, [&] {
    shoal::Session session(argc, argv);
    return shoal::report_errors(session.world(), [&] { return run(argc, argv, session.world()); });
  });
}
