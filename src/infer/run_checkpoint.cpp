#include "shoal/infer/run_checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>

#include "shoal/core/error.hpp"

namespace shoal {

namespace fs = std::filesystem;

std::string CheckpointFolder::file_name(std::int64_t step) { return fmt::format("step-{:08}.h5", step); }

std::optional<std::int64_t> CheckpointFolder::step_of(std::string_view file) {
  const std::size_t digits = std::min(file.find_first_of("0123456789"), file.size());
  std::int64_t step = -1;
  std::from_chars(file.data() + digits, file.data() + file.size(), step);
  return step >= 0 && file == file_name(step) ? std::optional(step) : std::nullopt;
}

std::vector<std::int64_t> CheckpointFolder::steps_in(const fs::path& folder) {
  std::vector<std::int64_t> steps;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (const auto step = step_of(at->path().filename().string())) steps.push_back(*step);
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw Error(ExitStatus::input_output, fmt::format("cannot list {}: {}", folder.string(), error.message()));
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::optional<std::int64_t> CheckpointFolder::target_of(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  return error ? std::nullopt : step_of(target.string());
}

std::string checkpoint_of(const std::string& path) {
  std::error_code none;
  if (!fs::is_directory(path, none)) return path;
  const std::string folder = path + '/' + CheckpointFolder::name + '/';
  for (std::optional<std::int64_t> missed;;) {
    const auto latest = CheckpointFolder::target_of(folder + CheckpointFolder::latest_name);
    const auto steps = CheckpointFolder::steps_in(folder);
    if (steps.empty())
      throw Error(ExitStatus::no_input,
                  path + " is a folder without checkpoints; give a checkpoint, or the folder of a run that has one");
    std::string newest = folder + CheckpointFolder::file_name(steps.back());
    // The link may be behind, where a run was killed right after a save, but not before what is there.
    if (!latest || *latest <= steps.back()) return newest;
    // Saved since the list was made?
    if (missed == latest)
      throw Error(ExitStatus::no_input,
                  fmt::format("the latest checkpoint of {} is that of step {} by its link, and that is not there; copy "
                              "it there, or give the newest that is, {}",
                              path, *latest, newest));
    missed = latest;
  }
}

}  // namespace shoal
