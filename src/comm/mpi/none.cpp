#include <fmt/format.h>

#include "comm/mpi/runtime.hpp"
#include "shoal/comm/session.hpp"
#include "shoal/core/error.hpp"

namespace shoal {

StartedMpi start_mpi(int&, char**&, const Launcher& launcher) {
  if (launcher.ranks > 1) {
    throw Error(
        ExitStatus::usage,
        fmt::format("{} ranks were launched, but this binary was built with SHOAL_MPI=OFF and each would train alone; "
                    "build with SHOAL_MPI=ON, or start it without a launcher",
                    launcher.ranks));
  }
  return {.world = local_transport()};
}

void end_mpi() {}

std::string mpi_library_version() { return ""; }

}  // namespace shoal
