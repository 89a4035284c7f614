// A run that goes on from an earlier checkpoint than its newest: two lines of history, of which the directory shows one
// at any time, whenever the process ends.
//
//   1. metrics, nudges and digests are copied to going-back-<step>/; metrics.jsonl, the last of them, says that all is
//   there
//   2. training goes on; the old checkpoints are where they were, and the files copied become those of the new line
//   3. the first new checkpoint is written into going-back-<step>/: from here on the new line is the run
//   4. the old checkpoints go, then the copies; the new checkpoint is written into its place, and going-back-<step>/
//      goes
//
// Whoever opens the run after an end before 3 undoes 2, and after an end behind it does 4 again; either can be done
// again and again.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/io/archive.hpp"
#include "shoal/io/file.hpp"
#include "shoal/run/run_directory.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = RunPaths::going_back_prefix;
constexpr const char* mark = RunPaths::metrics_name;  // written last, removed last
constexpr std::array copied = {RunPaths::nudges_name, RunPaths::digests_name, mark};

}  // namespace

struct RunDirectory::WayBack {
  fs::path folder;
  std::int64_t step = 0;                ///< gone back to
  std::vector<fs::path> new_line;       ///< checkpoints in the folder, by step
  std::vector<std::int64_t> new_steps;  ///< of those, ascending

  bool begun() const {
    std::error_code none;
    return !new_line.empty() || fs::exists(folder / mark, none);
  }
  /// All that are there; more than one only where an empty folder could not be removed.
  static std::vector<WayBack> in(const std::string& run);
};

std::vector<RunDirectory::WayBack> RunDirectory::WayBack::in(const std::string& run) {
  std::vector<WayBack> found;
  std::error_code error;
  for (fs::directory_iterator at(run, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    WayBack back{at->path(), 0, {}, {}};
    const auto [stop, fault] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), back.step);
    if (fault != std::errc() || stop != name.data() + name.size()) continue;
    back.new_steps = CheckpointFolder::steps_in(back.folder);
    for (const std::int64_t step : back.new_steps)
      back.new_line.push_back(back.folder / RunPaths::checkpoint_name(step));
    found.push_back(std::move(back));
  }
  if (error) throw Error(ExitStatus::input_output, fmt::format("cannot list {}: {}", run, error.message()));
  return found;
}

bool RunDirectory::is_going_back(const std::string& run) {
  const std::vector<WayBack> ways = WayBack::in(run);
  return std::any_of(ways.begin(), ways.end(), [](const WayBack& back) { return back.begun(); });
}

std::vector<std::int64_t> RunDirectory::go_back_to(std::int64_t step) const {
  std::vector<std::int64_t> later = checkpoint_steps();
  std::erase_if(later, [&](std::int64_t found) { return found <= step; });
  if (later.empty()) {
    remove_after(step);  // links whose checkpoints are gone
    return later;
  }
  const fs::path folder = paths_.going_back(step);
  require_folders(folder);
  std::error_code none;
  for (const char* name : copied) {
    const fs::path file = paths_.of(name);
    write((folder / name).string(), fs::exists(file, none) ? read_text(file) : "");
  }
  return later;
}

void RunDirectory::write_checkpoint(std::int64_t step, std::span<const std::byte> bytes) const {
  check_owner();  // who has lost the folder says so, and not what is not found there
  for (WayBack& back : WayBack::in(path())) {
    if (!back.begun()) continue;
    const fs::path first = back.folder / RunPaths::checkpoint_name(step);
    lock_.write(first, bytes);
    back.new_line.push_back(first);
    end_old_line(back, step, bytes);
    return;
  }
  lock_.write(paths_.checkpoint(step), bytes);
}

/// Strict: an old checkpoint that cannot be removed would be the newest.
void RunDirectory::remove_after(std::int64_t step) const {
  if (latest().value_or(0) > step) lock_.remove(paths_.latest());
  if (best().value_or(0) > step) lock_.remove(paths_.best());
  for (const std::int64_t found : checkpoint_steps()) {
    if (found > step) lock_.remove(paths_.checkpoint(found));
  }
}

void RunDirectory::end_old_line(const WayBack& back, std::int64_t step, std::span<const std::byte> bytes) const {
  remove_after(back.step);
  for (const char* name : copied) lock_.remove(back.folder / name);
  lock_.write(paths_.checkpoint(step), bytes);
  point_latest(step);
  for (const fs::path& file : back.new_line) lock_.remove(file);
  std::error_code none;
  fs::remove(back.folder, none);
}

void RunDirectory::bring_back(const WayBack& back) const {
  std::error_code none;
  const bool begun = back.begun();
  for (const char* name : copied) {
    if (!fs::exists(back.folder / name, none)) continue;
    write(paths_.of(name), read_text(back.folder / name));
    lock_.remove(back.folder / name);
  }
  fs::remove(back.folder, none);
  if (begun)
    log_info(fmt::format("{} went back to step {} and saved nothing since; it is as it was before, up to step {}",
                         path(), back.step, checkpoint_steps().back()));
}

void RunDirectory::settle() const {
  for (WayBack& back : WayBack::in(path())) {
    std::optional<std::vector<std::byte>> bytes;
    while (!back.new_line.empty() && !bytes) {
      try {
        bytes = read_checkpoint(back.new_line.back());
      } catch (const Error& error) {
        if (error.status() != ExitStatus::bad_data) throw;
        log_warning(std::string(error.what()) + "; it is left out");
        lock_.remove(back.new_line.back());
        back.new_line.pop_back();
        back.new_steps.pop_back();
      }
    }
    if (bytes) {
      end_old_line(back, back.new_steps.back(), *bytes);
    } else {
      bring_back(back);
    }
  }
}

}  // namespace shoal
