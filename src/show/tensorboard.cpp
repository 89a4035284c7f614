#include "shoal/show/tensorboard.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "shoal/core/error.hpp"
#include "shoal/io/event_file.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/metrics_events.hpp"
#include "shoal/run/output_file.hpp"
#include "shoal/run/run_directory.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

void require_no_events(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (EventFile::is_name(at->path().filename().string()))
      throw Error(ExitStatus::usage,
                  fmt::format("{} has event files already, and TensorBoard would show both as one run; "
                              "name another folder",
                              folder.string()));
  }
}

double written_at(const fs::path& file) {
  const auto time = std::chrono::file_clock::to_sys(fs::last_write_time(file));
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

std::string export_events(const std::string& run, const std::string& folder) {
  RunDirectory::require(run);
  const std::string metrics = RunPaths{run}.metrics();
  std::error_code none;
  if (!fs::exists(metrics, none))
    throw Error(ExitStatus::no_input, fmt::format("{} has finished no step yet: there are no metrics to export", run));
  const double ended = written_at(metrics);
  std::string file = (fs::path(folder) / EventFile::name(ended)).string();
  check_output_file(file, Output::events, {metrics});
  require_no_events(folder);
  require_folders(folder);
  write_text_atomically(file, event_file_of(read_text(metrics), ended));
  return file;
}

}  // namespace shoal
