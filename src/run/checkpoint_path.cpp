#include "shoal/run/checkpoint_path.hpp"

#include "shoal/infer/run_checkpoint.hpp"
#include "shoal/run/run_directory.hpp"

namespace shoal {

std::string checkpoint_file(const std::string& path) {
  const bool is_sweep = RunDirectory::holds_sweep(path) && RunDirectory::checkpoint_steps(path).empty();
  if (is_sweep) RunDirectory::require(path);  // says so
  return checkpoint_of(path);
}

}  // namespace shoal
