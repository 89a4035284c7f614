#include "shoal/comm/session.hpp"

#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include "comm/groups.hpp"
#include "comm/mpi/runtime.hpp"
#include "comm/placement.hpp"
#include "shoal/comm/alike.hpp"
#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/version.hpp"
#include "shoal/tensor/buffer.hpp"

namespace shoal {

Session::Session(int argc, char** argv) : exceptions_(std::uncaught_exceptions()) {
  processors_at_start();  // before ranks are placed
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

void check_environment(const Communicator& world) {
  // First of all, for what follows may be another version's other calls.
  require_alike(world, "the version of shoal", std::string(version()), ExitStatus::usage,
                "install one version on all hosts");
  // Not compared are OMP_NUM_THREADS, and SHOAL_ISA of the layer below: they decide how fast a rank is.
  std::string settings;
  run_together(world, [&] {
    const char* text = std::getenv("SHOAL_WINDOWS");
    const std::string value = text == nullptr || *text == '\0' ? "on" : text;
    if (value != "on" && most_in_group(text) == most_in_group(nullptr))
      throw Error(ExitStatus::usage,
                  "SHOAL_WINDOWS=" + value + " is none of its values; use on, off, or how many ranks may share memory");
    settings = "SHOAL_WINDOWS=" + value + "\nSHOAL_MEMORY_SHIFT=" + std::to_string(memory_shift());
  });
  require_alike(world, "the environment", settings, ExitStatus::usage,
                "set it on all hosts, with mpirun -x SHOAL_WINDOWS and the like, or on none");
}

}  // namespace shoal
