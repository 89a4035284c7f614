#pragma once

#include <functional>

namespace shoal {

/// Reads an environment variable: its value, or null.
using ReadVariable = std::function<const char*(const char* name)>;

/// What the environment says about who started this process.
struct Launcher {
  bool found = false;
  int ranks = 0;          ///< 0 where the launcher does not say
  bool one_host = false;  ///< all ranks are on this host, as Open MPI's launcher says
};

/// Finds Open MPI's mpirun, PMIx and PMI (MPICH, Intel MPI, srun with --mpi). Slurm's own variables do not count: they
/// are also set in a batch script, where a plain `shoal` is one process.
Launcher find_launcher(const ReadVariable& variable);

/// A step of srun with several tasks and no launcher among them would be as many runs of one process each.
/// @throws Error (usage) that names the options of srun
void refuse_scattered_step(const ReadVariable& variable);

/// The process of Open MPI's launcher (mpirun, or its daemon on another host) that started this rank: it announces the
/// end of a job by SIGCONT. -1 where there is none.
int process_of_mpirun(const ReadVariable& variable);

}  // namespace shoal
