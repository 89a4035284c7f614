#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

/// The folder with the checkpoints of a run, which it lies in, and the names there.
struct CheckpointFolder {
  static constexpr const char* name = "checkpoints";
  static constexpr const char* latest_name = "latest";  ///< a relative link
  static constexpr const char* best_name = "best";      ///< another

  /// step-00001234.h5, and back; nothing for other names, those of temporary files among them.
  static std::string file_name(std::int64_t step);
  static std::optional<std::int64_t> step_of(std::string_view file_name);
  /// Of the checkpoints that are there, ascending; none where there is no such folder. Told by the numbers in the
  /// names: copies and clocks change times. @throws Error(input_output)  it cannot be listed
  static std::vector<std::int64_t> steps_in(const std::filesystem::path& folder);
  /// The step that a link points to, whether or not that is there.
  static std::optional<std::int64_t> target_of(const std::filesystem::path& link);
};

/// The newest checkpoint of the run in the folder `path`; `path` itself where that is no folder.
/// @throws Error(no_input)  a folder without checkpoints, or without the one that the link to the latest names
std::string checkpoint_of(const std::string& path);

}  // namespace shoal
