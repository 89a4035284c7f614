// A job whose last rank fails alone, on its disk say, while the others wait for it.
#include "cli/report.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"

int main(int argc, char** argv) {
  shoal::prepare_process();
  shoal::Session session(argc, argv);
  shoal::Communicator& world = session.world();
  return shoal::report_errors(world, [&] {
    if (world.rank() == world.size() - 1) {
      throw shoal::Error(shoal::ExitStatus::input_output, "the disk\nis full");
    }
    world.barrier();
    return 0;
  });
}
