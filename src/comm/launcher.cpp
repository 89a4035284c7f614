#include "shoal/comm/launcher.hpp"

#include <unistd.h>

#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

int positive_number(const char* text) {
  if (text == nullptr) return 0;
  int number = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), number);
  return error == std::errc() && *end == '\0' && number > 0 ? number : 0;
}

/// 0 where that cannot be seen, as the system has it of a parent outside of a container.
int parent_of(int process) {
  if (process == getpid()) return getppid();
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
  std::istringstream behind_name(line.substr(line.rfind(')') + 1));
  std::string state;
  int parent = 0;
  behind_name >> state >> parent;
  return parent;
}

}  // namespace

Launcher find_launcher(const ReadVariable& variable) {
  Launcher launcher;
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "PMI_SIZE",
                           "PMI_FD", "MV2_COMM_WORLD_SIZE"}) {
    launcher.found = launcher.found || variable(name) != nullptr;
  }
  if (!launcher.found) return launcher;
  // Innermost first: mpirun inside a step of srun sets its own on top.
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    if (launcher.ranks == 0) launcher.ranks = positive_number(variable(name));
  }
  const int here = positive_number(variable("OMPI_COMM_WORLD_LOCAL_SIZE"));
  launcher.one_host = here > 0 && here == positive_number(variable("OMPI_COMM_WORLD_SIZE"));
  return launcher;
}

void refuse_scattered_step(const ReadVariable& variable) {
  const int tasks = positive_number(variable("SLURM_STEP_NUM_TASKS"));
  // A batch script and the shell of salloc are no steps, or steps of one task.
  if (find_launcher(variable).found || variable("SLURM_STEP_ID") == nullptr || tasks <= 1) return;
  throw Error(ExitStatus::usage,
              "srun started " + std::to_string(tasks) +
                  " tasks and told them nothing of each other, so that each would be a run of its own; use srun "
                  "--mpi=pmix (or --mpi=pmi2; srun --mpi=list says which there are), or mpirun inside sbatch; for "
                  "separate runs on purpose: env -u SLURM_STEP_NUM_TASKS shoal ...");
}

int process_of_mpirun(const ReadVariable& variable) {
  // What mpirun starts leads a process group of its own: the rank, or a script that starts it.
  return variable("OMPI_COMM_WORLD_RANK") == nullptr ? -1 : parent_of(getpgrp());
}

}  // namespace shoal
