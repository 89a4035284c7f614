#include "comm/launcher.hpp"

#include <charconv>
#include <cstring>

namespace shoal {
namespace {

int positive_number(const char* text) {
  if (text == nullptr) return 0;
  int number = 0;
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), number);
  return error == std::errc() && *end == '\0' && number > 0 ? number : 0;
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
  return launcher;
}

}  // namespace shoal
