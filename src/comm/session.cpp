#include "shoal/comm/session.hpp"

#include <cstdlib>
#include <exception>
#include <utility>

#include "comm/mpi_runtime.hpp"
#include "shoal/core/log.hpp"

namespace shoal {

Session::Session(int argc, char** argv) : exceptions_(std::uncaught_exceptions()) {
  StartedMpi started = start_mpi(argc, argv, find_launcher(std::getenv));
  ends_mpi_ = started.ends_mpi;
  world_ = Communicator(std::move(started.world));
  set_log_rank(world_.rank());
}

Session::~Session() {
  if (std::uncaught_exceptions() > exceptions_) return;
  world_ = Communicator();  // its handle goes before MPI does
  if (ends_mpi_) end_mpi();
}

}  // namespace shoal
