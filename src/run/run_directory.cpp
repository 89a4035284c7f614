#include "shoal/run/run_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <utility>

#include "io/path.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/file.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "step-";
constexpr std::string_view suffix = ".h5";

std::string file_name(std::int64_t step) { return fmt::format("{}{:08}{}", prefix, step, suffix); }

/// Nothing for other names, those of temporary files among them.
std::optional<std::int64_t> step_of(std::string_view name) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  const std::string_view digits = name.substr(prefix.size(), name.size() - prefix.size() - suffix.size());
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  const bool whole = error == std::errc{} && step >= 0 && end == digits.data() + digits.size();
  return whole && name == file_name(step) ? std::optional(step) : std::nullopt;
}

fs::path checkpoints(const std::string& run) { return fs::path(run) / "checkpoints"; }

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw Error(ExitStatus::input_output, fmt::format("cannot list {}: {}", folder.string(), error.message()));
  }
  return names;
}

[[noreturn]] void refuse_taken(const std::string& path) {
  throw Error(
      ExitStatus::taken,
      fmt::format("run directory {0} holds a run already; continue it with --run {0} --resume auto, or name another "
                  "with --run",
                  path));
}

}  // namespace

RunDirectory::RunDirectory(std::string path, RunLock lock) : path_(std::move(path)), lock_(std::move(lock)) {
  if (!on_one_file_system(path_, checkpoints(path_)))
    throw Error(ExitStatus::input_output,
                fmt::format("{} is a link to another file system, where no checkpoint can be moved in one step; make "
                            "the whole of {} such a link, or name another folder with --run",
                            checkpoints(path_).string(), path_));
}

RunDirectory RunDirectory::create(const std::string& path) {
  if (has_run(path)) refuse_taken(path);
  std::error_code error;
  fs::create_directories(checkpoints(path), error);
  if (error) {
    throw Error(ExitStatus::input_output,
                fmt::format("cannot make the run directory {}: {}; name another with --run", path, error.message()));
  }
  RunLock lock{fs::path(path)};
  if (has_run(path)) refuse_taken(path);  // made while this process waited for the lock
  return {path, std::move(lock)};
}

RunDirectory RunDirectory::open(const std::string& path) {
  require(path);
  RunLock lock{fs::path(path)};
  std::error_code error;
  fs::create_directories(checkpoints(path), error);
  if (error) {
    throw Error(ExitStatus::input_output,
                fmt::format("cannot make {}: {}", checkpoints(path).string(), error.message()));
  }
  return {path, std::move(lock)};
}

bool RunDirectory::has_run(const std::string& path) {
  std::error_code none;
  return fs::exists(fs::path(path) / "config.toml", none) ||
         (fs::is_directory(checkpoints(path), none) && !checkpoint_steps(path).empty());
}

void RunDirectory::require(const std::string& path) {
  if (!has_run(path))
    throw Error(ExitStatus::no_input, fmt::format("there is no run in {}; name a folder with a config.toml", path));
  std::error_code none;
  if (fs::exists(fs::path(path) / "fingerprint", none))  // see SweepPaths
    throw Error(ExitStatus::no_input,
                fmt::format("{} holds a sweep and no run", path) +
                    (fs::exists(fs::path(path) / "best.h5", none)
                         ? fmt::format("; the best of its trials is {}/best.h5", path)
                         : fmt::format(", and no best trial yet; go on with shoal sweep --run {} --resume", path)));
}

std::string RunDirectory::next_free(const std::string& base) {
  std::string path = base;
  std::error_code error;  // where the folder cannot be looked into, create() says why
  for (int number = 2; fs::exists(fs::symlink_status(path, error)); ++number) {
    path = fmt::format("{}-{}", base, number);
  }
  return path;
}

std::optional<std::string> RunDirectory::containing(const std::string& file) {
  std::error_code error;
  for (const fs::path& path : {absolute_path(file), fs::weakly_canonical(file, error)}) {
    const fs::path folder = path.parent_path();
    if (folder.filename() != "checkpoints") continue;
    const std::string run = folder.parent_path().string();
    if (has_run(run)) return run;
  }
  return std::nullopt;
}

std::string RunDirectory::checkpoint_path(const std::string& run, std::int64_t step) {
  return (checkpoints(run) / file_name(step)).string();
}

std::vector<std::int64_t> RunDirectory::checkpoint_steps(const std::string& run) {
  std::vector<std::int64_t> steps;
  for (const std::string& name : names_in(checkpoints(run))) {
    if (const auto step = step_of(name)) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::optional<std::int64_t> RunDirectory::link_target(const std::string& run, const std::string& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(checkpoints(run) / link, error);
  return error ? std::nullopt : step_of(target.string());
}

void RunDirectory::write(const std::string& file, std::string_view text) const {
  lock_.write(file, std::as_bytes(std::span(text)));
}

void RunDirectory::write_config(const std::string& toml) const { write(config_path(), toml); }

void RunDirectory::write_checkpoint(std::int64_t step, std::span<const std::byte> bytes) const {
  lock_.write(checkpoint_path(step), bytes);
}

void RunDirectory::point_latest(std::int64_t step) const { lock_.link(checkpoints(path_) / "latest", file_name(step)); }

void RunDirectory::point_best(std::int64_t step) const { lock_.link(checkpoints(path_) / "best", file_name(step)); }

void RunDirectory::remove(const fs::path& file) const try { lock_.remove(file); } catch (const Error& error) {
  if (error.status() != ExitStatus::input_output) throw;
  log_warning(error.what());
}

void RunDirectory::prune(std::int64_t keep, const std::vector<std::int64_t>& spared) const {
  std::set<std::int64_t> stay(spared.begin(), spared.end());
  stay.insert({0, latest().value_or(0), best().value_or(0)});
  std::vector<std::int64_t> steps = checkpoint_steps();
  std::erase(steps, 0);  // neither removed nor counted
  const auto surplus = std::max<std::int64_t>(0, static_cast<std::int64_t>(steps.size()) - keep);
  for (std::int64_t i = 0; i < surplus; ++i) {
    const std::int64_t step = steps[static_cast<std::size_t>(i)];
    if (!stay.contains(step)) remove(checkpoint_path(step));
  }
}

void RunDirectory::remove_checkpoints_after(std::int64_t step) const {
  if (latest().value_or(0) > step) remove(checkpoints(path_) / "latest");
  if (best().value_or(0) > step) remove(checkpoints(path_) / "best");
  for (const std::int64_t found : checkpoint_steps()) {
    if (found > step) remove(checkpoint_path(found));
  }
}

}  // namespace shoal
