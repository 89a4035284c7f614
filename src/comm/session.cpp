#include "shoal/comm/session.hpp"

#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include "comm/groups.hpp"
#include "comm/mpi/runtime.hpp"
#include "shoal/core/error.hpp"
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

void check_environment() {
  const char* text = std::getenv("SHOAL_WINDOWS");
  const std::string value = text == nullptr ? "on" : text;
  if (value.empty() || value == "on" || most_in_group(text) != most_in_group(nullptr)) return;
  throw Error(ExitStatus::usage,
              "SHOAL_WINDOWS=" + value + " is none of its values; use on, off, or how many ranks may share memory");
}

}  // namespace shoal
