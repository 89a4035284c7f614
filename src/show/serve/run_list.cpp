#include "show/serve/run_list.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/run/run_directory.hpp"
#include "shoal/run/run_paths.hpp"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds least_pause{900};
constexpr std::chrono::milliseconds usual_pause{3000};
constexpr int pauses_per_look = 20;  // the pause is as many times as long as a look took, as far as users bear it
constexpr int most_depth = 6;
constexpr std::size_t most_runs = 20000;

/// Whether a file that would be read or written there lies elsewhere.
bool leads_out(const fs::path& folder) {
  std::error_code none;
  for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
    if (at->is_symlink(none)) return true;
  }
  return false;
}

bool holds_any(const std::string& folder) try {
  return RunDirectory::has_run(folder) || RunDirectory::holds_sweep(folder);
} catch (const Error&) {  // it cannot be listed
  return false;
}

}  // namespace

RunList::RunList(const std::string& folder) {
  std::error_code error;
  folder_ = fs::canonical(folder, error);
  if (error || !fs::is_directory(folder_, error))
    throw Error(ExitStatus::no_input, "there is no folder " + folder + "; name the one that holds your runs");
}

std::string RunList::path_of(const std::string& name) const {
  return name == "." ? folder_.string() : (folder_ / name).string();
}

void RunList::find_below(const fs::path& folder, int depth, std::set<std::string>& found) const {
  const std::string path = folder.string();
  if (holds_any(path)) {
    if (!leads_out(folder)) found.insert(folder == folder_ ? "." : folder.lexically_relative(folder_).string());
    return;
  }
  if (depth == most_depth) return;
  std::error_code none;  // a folder that goes while it is listed, or may not be read
  for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none)) {
    const std::string name = at->path().filename().string();
    std::error_code unknown;
    if (name.starts_with('.') || at->is_symlink(unknown) || !at->is_directory(unknown)) continue;
    if (found.size() < most_runs) find_below(at->path(), depth + 1, found);
  }
}

std::set<std::string> RunList::find() const {
  std::set<std::string> found;
  find_below(folder_, 0, found);
  return found;
}

/// With the lock. Not more often than once a second, however many pages ask, and on a slow file system less.
void RunList::look() {
  const auto begun = Clock::now();
  if (begun < next_look_) return;
  const std::set<std::string> found = find();
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (found.contains(at->first)) {
      ++at;
      continue;
    }
    gone_[at->first] = ++version_;
    at = entries_.erase(at);
  }
  for (const std::string& name : found) {
    const auto [at, is_new] = entries_.try_emplace(name);
    Entry& entry = at->second;
    if (is_new) {
      entry.summary = RunSummary(path_of(name));
      gone_.erase(name);
    }
    refresh(name, entry);
  }
  const auto ended = Clock::now();
  next_look_ = ended + std::clamp<Clock::duration>(pauses_per_look * (ended - begun), least_pause,
                                                   std::max<Clock::duration>(usual_pause, 5 * (ended - begun)));
}

Json RunList::refresh(const std::string& name, Entry& entry) {
  Json json = entry.summary.refresh();
  json.set("name", name);
  std::string shown = json.text();
  if (shown != entry.shown) {
    entry.shown = std::move(shown);
    entry.version = ++version_;
  }
  return json;
}

Json RunList::summary_of(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  return found == entries_.end() ? Json() : refresh(name, found->second);
}

std::optional<std::string> RunList::folder_of(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (!entries_.contains(name)) look();
  if (!entries_.contains(name)) return std::nullopt;
  std::string path = path_of(name);
  std::error_code none;  // a folder above it may have become a link since it was found
  return fs::canonical(path, none) != path || leads_out(path) ? std::nullopt : std::optional(std::move(path));
}

Json RunList::changes_since(std::int64_t version) {
  const std::lock_guard lock(mutex_);
  look();
  Json changed = Json::array();
  for (const auto& [name, entry] : entries_) {
    if (entry.version > version) changed.push(Json::verbatim(entry.shown));
  }
  Json gone = Json::array();
  for (const auto& [name, when] : gone_) {
    if (when > version) gone.push(name);
  }
  return Json::object({{"version", version_}, {"changed", std::move(changed)}, {"gone", std::move(gone)}});
}

}  // namespace shoal
