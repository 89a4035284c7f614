// A job whose last rank fails alone, on its disk say, while the others wait for it. With an argument it gets no thread
// any more, either.
#include <optional>

#include "cli/report.hpp"
#include "io/no_threads.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"

int main(int argc, char** argv) {
  shoal::prepare_process();
  shoal::Session session(argc, argv);
  shoal::Communicator& world = session.world();
  std::optional<shoal::tests::NoThreads> none;
  return shoal::report_errors(world, [&] {
    if (world.rank() == world.size() - 1) {
      if (argc > 1) none.emplace();
      throw shoal::Error(shoal::ExitStatus::input_output, "the disk\nis full");
    }
    world.barrier();
    return 0;
  });
}
