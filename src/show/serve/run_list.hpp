#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "shoal/core/json.hpp"
#include "show/serve/run_summary.hpp"

namespace shoal {

/// The runs and sweeps below a folder, found again and again: they appear, go, and get other names. Links are not
/// followed, and what holds one where its files should be is not listed, so that nothing outside of the folder is shown
/// or written. Many threads may use it at once.
class RunList {
 public:
  explicit RunList(const std::string& folder);

  /// The folder of the run or sweep that is listed by this name, and of nothing else: names are never made into paths.
  std::optional<std::string> folder_of(const std::string& name);
  /// What the list shows of one that folder_of() knows, as it is now.
  Json summary_of(const std::string& name);
  /// {"version": V, "changed": [...], "gone": [names]}: what is new since the answer that had `version`; of 0, all.
  Json changes_since(std::int64_t version);

 private:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    RunSummary summary;
    std::string shown;  // the JSON that `version` has
    std::int64_t version = 0;
  };

  void look();
  Json refresh(const std::string& name, Entry& entry);
  std::set<std::string> find() const;
  void find_below(const std::filesystem::path& folder, int depth, std::set<std::string>& found) const;
  std::string path_of(const std::string& name) const;

  std::filesystem::path folder_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
  std::map<std::string, std::int64_t> gone_;  // and with which version
  std::int64_t version_ = 0;
  Clock::time_point next_look_;
};

}  // namespace shoal
