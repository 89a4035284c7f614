#pragma once

#include <memory>

#include "comm/transport.hpp"
#include "shoal/comm/launcher.hpp"

namespace shoal {

/// Started MPI, if it was started, and the ranks that it found.
struct StartedMpi {
  std::unique_ptr<Transport> world;
  bool ends_mpi = false;  ///< whether end_mpi() is due
};

/// Defined with MPI in runtime.cpp, without in none.cpp; CMake takes one of them.
StartedMpi start_mpi(int& argc, char**& argv, const Launcher& launcher);
void end_mpi();

}  // namespace shoal
