#include "shoal/run/output_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include "shoal/core/error.hpp"
#include "shoal/infer/run_checkpoint.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/ownership/lock.hpp"
#include "shoal/io/path.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

/// A run or a sweep, or one that begins or was begun. A file called `lock`, `fingerprint` or config.toml alone is
/// anybody's.
bool holds_run(const fs::path& folder) {
  return RunLock::was_held(folder) || RunDirectory::holds_sweep(folder.string()) ||
         RunDirectory::has_run(folder.string());
}

/// What would make a run of a folder that is none.
bool is_called_as_checkpoint(const fs::path& file) {
  return file.parent_path().filename() == RunPaths::checkpoints_name &&
         CheckpointFolder::step_of(file.filename().string()).has_value();
}

/// Where something is: by its own name, and by what that is a link to, be it there or not.
std::vector<fs::path> places_of(const std::string& path) {
  constexpr std::size_t most_links = 40;  // as the system follows
  std::vector<fs::path> places;
  std::error_code error;
  for (fs::path at = absolute_path(path); places.size() < 2 * most_links; at = absolute_path(at)) {
    places.push_back(at);
    if (const fs::path real = fs::weakly_canonical(at.parent_path(), error); !error)
      places.push_back(real / at.filename());
    const fs::path meant = fs::read_symlink(at, error);
    if (error) break;
    at = at.parent_path() / meant;
  }
  return places;
}

/// The run or sweep that `path` lies in, at any depth and by any name, whether it is there yet or not.
std::optional<fs::path> run_above(const std::string& path) {
  for (const fs::path& place : places_of(named_path(path).string())) {
    for (fs::path at = place.parent_path(); at.has_relative_path(); at = at.parent_path()) {
      if (holds_run(at)) return at;
    }
  }
  return std::nullopt;
}

/// The run or sweep that calls `path`, or a folder that it lies in, by a name of its own.
std::optional<fs::path> run_around(const std::string& path, const std::string& new_run) {
  std::error_code none;
  for (const fs::path& place : places_of(path)) {
    for (fs::path at = place; at.has_relative_path(); at = at.parent_path()) {
      const fs::path folder = at.parent_path();
      if (is_name_of_runs(at.filename().string()) && (holds_run(folder) || fs::equivalent(folder, new_run, none)))
        return folder;
    }
  }
  return std::nullopt;
}

/// Whether the first line can be that of a CSV file of predictions. Of outputs by names of their own it can be that of
/// any table.
bool has_prediction_columns(std::string_view start) {
  const std::string_view line = start.substr(0, start.find('\n'));
  for (const std::string_view first : {"label,p_", "label,\"p_"}) {
    if (line.starts_with(first) || line.find("," + std::string(first)) != std::string_view::npos) return true;  // ids
  }
  return line.starts_with("p_") || line.starts_with("\"p_") || line.starts_with("output_");
}

bool holds_predictions(const H5Reader& file) {
  const std::vector<std::string> names = file.list();
  return (file.contains("probabilities") || file.contains("outputs")) &&
         std::none_of(names.begin(), names.end(),
                      [&](const std::string& name) { return name != "ids" && file.is_group(name); });
}

/// Whether the file is an earlier result of what is to be written.
bool is_of_kind(const std::string& path, Output kind) try {
  if (kind == Output::data_set || kind == Output::config) return false;
  const RandomAccessFile file(path);
  constexpr std::int64_t enough = 4096;
  std::string start(static_cast<std::size_t>(std::min(enough, file.size())), '\0');
  file.read(0, std::as_writable_bytes(std::span(start)));
  if (kind == Output::columns) return start.starts_with("# What shoal import understood");
  if (kind == Output::confusion) return start.starts_with(confusion_corner);
  if (kind == Output::importance) return start.starts_with(importance_start);
  if (kind == Output::trace) return start.starts_with("{\"traceEvents\":[");
  if (kind == Output::c_source) return start.starts_with("/* A network that shoal ");
  if (kind == Output::onnx) return start.starts_with("\x08\x08\x12\x05shoal");  // IR version and producer
  if (kind == Output::report) return start.starts_with(report_start);
  return has_prediction_columns(start) || (start.starts_with("\x89HDF\r\n") && holds_predictions(H5Reader(path)));
} catch (const Error&) {  // cannot be read, or is damaged
  return false;
}

std::string what_is_there(Output kind) {
  switch (kind) {
    case Output::predictions: return "is no earlier file of predictions, and would be replaced; remove it first, or ";
    case Output::columns: return "is no earlier file of columns, and would be replaced; remove it first, or ";
    case Output::confusion: return "is no earlier confusion matrix, and would be replaced; remove it first, or ";
    case Output::importance: return "is no earlier file of importances, and would be replaced; remove it first, or ";
    case Output::c_source:
    case Output::onnx: return "is no earlier export, and would be replaced; remove it first, or ";
    case Output::trace: return "is no earlier trace, and would be replaced; remove it first, or ";
    case Output::report: return "is no earlier report, and would be replaced; remove it first, or ";
    case Output::config: return "is there already, and nothing is written over; ";
    case Output::events: return "is there already; remove it first, or ";
    default: return "is there already, and a data set replaces nothing; remove it first, or ";
  }
}

/// Whether a new run or sweep would write over, or remove, what somebody else keeps by a name of its own. What a start
/// that failed has left is nobody's. (A config is the concern of require_vacant().)
void check_names_in(const std::string& folder, NewFolder kind) {
  std::error_code error;
  if (RunLock::was_held(folder)) return;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    const bool lost = kind == NewFolder::sweep ? SweepPaths::is_name(name)
                                               : name == RunPaths::metrics_name || name == RunPaths::nudges_name ||
                                                     name == RunPaths::digests_name || name == RunPaths::jobs_name;
    if (lost)
      throw Error(ExitStatus::taken, fmt::format("{0} holds no {1}, but {2} that a new one would write over; name "
                                                 "another folder with --run, or move {0}/{2} away",
                                                 folder, kind == NewFolder::sweep ? "sweep" : "run", name));
  }
}

}  // namespace

bool is_name_of_runs(const std::string& name) { return RunPaths::is_name(name) || SweepPaths::is_name(name); }

void check_output_file(const std::string& out, Output kind, const std::vector<std::string>& inputs,
                       const std::string& run) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ExitStatus::usage, fmt::format("{} {}name another file to write", out, what));
  };
  if (out == "-") refuse("would be a file of that name, and not standard output; ");
  const fs::path tidy = tidy_path(out);
  const std::string file = (tidy.has_filename() ? tidy : tidy.parent_path()).string();  // a slash behind it or not
  std::error_code error;
  const fs::file_status there = fs::status(file, error);
  if (error == std::errc::filename_too_long)
    throw Error(ExitStatus::input_output,
                fmt::format("cannot write {}: {}; choose a shorter name", out, error.message()));
  if (fs::is_directory(there)) refuse("is a folder; ");
  std::error_code none;
  for (const std::string& input : inputs) {
    if (fs::equivalent(file, input, none)) refuse("is read here, and would be replaced; ");
  }
  if (looks_like_checkpoint(file)) refuse("is a checkpoint, and would be replaced; ");
  if (const auto of = run_around(file, run)) refuse(fmt::format("belongs to the run in {}; ", of->string()));
  if (is_called_as_checkpoint(absolute_path(file))) refuse("is called as the checkpoint of a run is; ");
  if (!fs::is_regular_file(there)) return;  // of a device the writer has more to say
  if (fs::hard_link_count(file, none) > 1)
    refuse("is a file of several names (hard links), and would be replaced; remove this name first, or ");
  if (fs::file_size(file, none) > 0 && !is_of_kind(file, kind)) refuse(what_is_there(kind));
}

void check_new_folder(const std::string& folder, NewFolder kind) {
  if (const auto of = run_above(folder))
    throw Error(ExitStatus::usage,
                fmt::format("{} lies in the run in {}; name another folder with --run", folder, of->string()));
  std::error_code none;
  for (fs::path place = absolute_path(folder); place.has_relative_path(); place = place.parent_path()) {
    if (!fs::exists(place, none)) continue;
    if (fs::is_directory(place, none)) break;
    throw Error(ExitStatus::input_output, fmt::format("cannot make the run directory {}: {} is a file; name another "
                                                      "with --run",
                                                      folder, place.string()));
  }
  check_names_in(folder, kind);
}

}  // namespace shoal
