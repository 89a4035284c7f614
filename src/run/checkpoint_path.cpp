#include "shoal/run/checkpoint_path.hpp"

#include <filesystem>

#include "shoal/core/error.hpp"
#include "shoal/run/run_directory.hpp"

namespace shoal {

std::string checkpoint_file(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_directory(path, none)) return path;
  if (const auto latest = RunDirectory::latest(path)) {
    std::string file = RunPaths{path}.checkpoint(*latest);
    if (std::filesystem::exists(file, none)) return file;
  }
  const auto steps = RunDirectory::checkpoint_steps(path);
  if (steps.empty() && RunDirectory::holds_sweep(path)) RunDirectory::require(path);  // says so
  if (steps.empty())
    throw Error(ExitStatus::no_input,
                path + " is a folder without checkpoints; give a checkpoint, or the folder of a run that has one");
  return RunPaths{path}.checkpoint(steps.back());
}

}  // namespace shoal
