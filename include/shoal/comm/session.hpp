#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/comm/communicator.hpp"
#include "shoal/comm/launcher.hpp"
#include "shoal/core/cores.hpp"

namespace shoal {

/// Starts MPI in its constructor and ends it in its destructor; one per process, made in main() before any thread
/// starts. MPI is started only where a launcher (mpirun, srun with PMI) started this process; otherwise world() is the
/// communicator of one process and no MPI function is called. A program that started MPI itself keeps it.
///
/// Ranks are numbered by (host, rank on host), so that every host has a contiguous run of ranks however MPI numbers
/// them; log lines of all ranks but 0 are silenced.
///
/// The destructor does not end MPI while an exception unwinds: the other ranks may be elsewhere, and waiting for them
/// would hang. The process then exits without, and the launcher ends the job.
class Session {
 public:
  /// @throws Error(usage)  when a launcher started several ranks and this binary was built with SHOAL_MPI=OFF, or when
  ///                       the launcher is of another MPI than this binary, whose ranks would not find each other
  Session(int argc, char** argv);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  Communicator& world() noexcept { return world_; }

 private:
  int exceptions_;
  bool ends_mpi_ = false;
  Communicator world_;
};

/// Name and version of the MPI library, for example "Open MPI v4.1.4"; empty when built with SHOAL_MPI=OFF.
std::string mpi_library_version();

/// Collective; before anything that relies on it. Looks at what ranks bring along: their version of shoal, and what the
/// environment asks of communication and memory, SHOAL_WINDOWS and SHOAL_MEMORY_SHIFT. mpirun passes neither to other
/// hosts unless told to. @throws SharedError(usage)  when a value is none, or differs between ranks: names them and
/// hosts
void check_environment(const Communicator& world);

/// How long the call is under way in which this process talks to other ranks now; 0 when it does not. May be asked by
/// any thread.
double seconds_in_collective() noexcept;

/// How many calls have talked to other ranks so far, the one under way among them. May be asked by any thread.
std::uint64_t collectives_begun() noexcept;

/// The processors that this process may use by number, as they were before shoal placed its ranks; empty where the
/// system does not say.
std::vector<int> processors_at_start();

/// The variable by which the user tells OpenMP where threads run, be it anywhere (OMP_PROC_BIND=false); empty: none is
/// set.
std::string variable_placing_threads(const ReadVariable& variable);

}  // namespace shoal
