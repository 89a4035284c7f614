#include "shoal/run/run_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <limits>
#include <set>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/core/shell_word.hpp"
#include "shoal/io/event_file.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/path.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

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

std::string numbered(const std::string& base, std::int64_t number) {
  return number == 1 ? base : fmt::format("{}-{}", base, number);
}

/// Of `base` (1), base-2, base-3, ... those that are there, whatever they are, ascending.
std::vector<std::int64_t> numbers_of(const std::string& base) {
  std::vector<std::int64_t> numbers;
  const std::string name = fs::path(base).filename().string();
  const fs::path above = fs::path(base).parent_path();
  std::error_code error;
  if (!above.empty() && !fs::is_directory(above, error)) return numbers;  // where it cannot be, who makes it says why
  for (const std::string& found : names_in(above.empty() ? "." : above)) {
    if (found == name) numbers.push_back(1);
    if (!found.starts_with(name + "-")) continue;
    const std::string digits = found.substr(name.size() + 1);
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool whole = fault == std::errc{} && end == digits.data() + digits.size() && digits == std::to_string(number);
    if (whole && number > 1 && number < std::numeric_limits<std::int64_t>::max()) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

[[noreturn]] void refuse_unmade(const std::string& path, const std::error_code& error) {
  throw Error(ExitStatus::input_output,
              fmt::format("cannot make the run directory {}: {}; name another with --run", path, error.message()));
}

[[noreturn]] void refuse_taken(const std::string& path) {
  throw Error(
      ExitStatus::taken,
      fmt::format("run directory {0} holds a run already; continue it with --run {1} --resume auto, or name another "
                  "with --run",
                  path, shell_word(path)));
}

}  // namespace

RunDirectory::RunDirectory(std::string path, RunLock lock) : paths_{std::move(path)}, lock_(std::move(lock)) {
  if (!on_one_file_system(this->path(), paths_.checkpoints()))
    throw Error(ExitStatus::input_output,
                fmt::format("{} is a link to another file system, where no checkpoint can be moved in one step; make "
                            "the whole of {} such a link, or name another folder with --run",
                            paths_.checkpoints(), this->path()));
}

RunDirectory RunDirectory::create(const std::string& path) {
  require_vacant(path);
  if (const std::error_code error = make_folders(RunPaths{path}.checkpoints())) refuse_unmade(path, error);
  RunLock lock{fs::path(path)};
  require_vacant(path);  // one may have been made while this process waited for the lock
  return {path, std::move(lock)};
}

RunDirectory RunDirectory::create_next(const std::string& base) { return create(make_next(base)); }

RunDirectory RunDirectory::open(const std::string& path) {
  require(path);
  RunDirectory directory(path, RunLock{fs::path(path)});
  directory.settle();
  return directory;
}

bool RunDirectory::has_run(const std::string& path) {
  std::error_code none;
  return fs::is_directory(RunPaths{path}.checkpoints(), none) && !checkpoint_steps(path).empty();
}

bool RunDirectory::holds_sweep(const std::string& path) {
  std::error_code none;
  return fs::exists(SweepPaths{path}.fingerprint(), none) && fs::exists(SweepPaths{path}.config(), none);
}

void RunDirectory::require_vacant(const std::string& path) {
  if (has_run(path)) refuse_taken(path);
  std::error_code none;
  if (!fs::exists(RunPaths{path}.config(), none)) return;
  throw Error(ExitStatus::taken,
              holds_sweep(path)
                  ? fmt::format("{} holds a sweep; name another folder with --run", path)
                  : fmt::format("{0} holds no run, but a config.toml that a new run would write its own over; name "
                                "another folder with --run, or move {0}/config.toml away",
                                path));
}

void RunDirectory::require(const std::string& path) {
  std::error_code none;
  const bool sweep = holds_sweep(path);
  if (!has_run(path) && !sweep)
    throw Error(ExitStatus::no_input,
                fmt::format("there is no run in {}; name a folder with checkpoints of one", path));
  if (sweep && fs::exists(SweepPaths{path}.best_of_fold(1), none) && !fs::exists(SweepPaths{path}.best(), none))
    throw Error(ExitStatus::no_input,
                fmt::format("{} holds a sweep and no run; name a model of one fold, such as {}, or have one trained on "
                            "all rows with shoal sweep --run {} --resume --final-fit",
                            path, SweepPaths{path}.best_of_fold(1), shell_word(path)));
  if (sweep)
    throw Error(
        ExitStatus::no_input,
        fmt::format("{} holds a sweep and no run", path) +
            (fs::exists(SweepPaths{path}.best(), none)
                 ? fmt::format("; the best of its trials is {}", SweepPaths{path}.best())
                 : fmt::format(", and no best trial yet; go on with shoal sweep --run {} --resume", shell_word(path))));
}

std::string RunDirectory::next_free(const std::string& base) {
  const std::vector<std::int64_t> numbers = numbers_of(base);
  return numbers.empty() ? base : numbered(base, numbers.back() + 1);
}

std::string RunDirectory::last_of(const std::string& base, const std::function<bool(const std::string&)>& holds) {
  const std::vector<std::int64_t> numbers = numbers_of(base);
  const auto last =
      std::find_if(numbers.rbegin(), numbers.rend(), [&](std::int64_t n) { return holds(numbered(base, n)); });
  return last == numbers.rend() ? base : numbered(base, *last);
}

std::string RunDirectory::make_next(const std::string& base) {
  for (;;) {
    std::string path = next_free(base);
    const fs::path above = fs::path(path).parent_path();
    if (const std::error_code error = make_folders(above.empty() ? "." : above)) refuse_unmade(path, error);
    std::error_code error;
    if (fs::create_directory(path, error)) {
      sync_folder_of(path);
      return path;
    }
    if (error) refuse_unmade(path, error);
    // Another process was faster; the next look sees its folder.
  }
}

std::optional<std::string> RunDirectory::containing(const std::string& file) {
  std::error_code error;
  for (const fs::path& path : {absolute_path(file), fs::weakly_canonical(file, error)}) {
    const fs::path folder = path.parent_path();
    if (folder.filename() != RunPaths::checkpoints_name) continue;
    const std::string run = folder.parent_path().string();
    if (has_run(run)) return run;
  }
  return std::nullopt;
}

std::vector<std::int64_t> RunDirectory::checkpoint_steps(const std::string& run) {
  return CheckpointFolder::steps_in(RunPaths{run}.checkpoints());
}

std::optional<std::int64_t> RunDirectory::latest(const std::string& run) {
  return CheckpointFolder::target_of(RunPaths{run}.latest());
}
std::optional<std::int64_t> RunDirectory::best(const std::string& run) {
  return CheckpointFolder::target_of(RunPaths{run}.best());
}

void RunDirectory::write(const std::string& file, std::string_view text) const {
  lock_.write(file, std::as_bytes(std::span(text)));
}

std::string RunDirectory::write_events(std::string_view bytes, double time) const {
  const fs::path folder = paths_.tensorboard();
  require_folders(folder);
  // Another name: who follows the old file goes on to the next one. The old one stays, empty: TensorBoard's reader does
  // not go on from a file that is gone.
  std::string file = (folder / EventFile::name(time)).string();
  write(file, bytes);
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const bool other = EventFile::is_name(at->path().filename().string()) && at->path() != file;
    if (std::error_code none; other && fs::file_size(at->path(), none) > 0) write(at->path().string(), "");
  }
  return file;
}

void RunDirectory::write_config(const std::string& toml) const {
  write(paths_.config(),
        "# How this run begins, every key as resolved. What changes later stands in nudges.jsonl.\n" + toml);
}

void RunDirectory::point_latest(std::int64_t step) const {
  lock_.link(paths_.latest(), RunPaths::checkpoint_name(step));
}

void RunDirectory::point_best(std::int64_t step) const {
  std::error_code none;
  if (best() == step || !fs::exists(paths_.checkpoint(step), none)) return;
  lock_.link(paths_.best(), RunPaths::checkpoint_name(step));
}

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
    if (!stay.contains(step)) remove(paths_.checkpoint(step));
  }
}

}  // namespace shoal
