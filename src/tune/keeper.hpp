#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "tune/search_plan.hpp"

namespace shoal {

/// Which trials' checkpoints a rank keeps during a stage: those that may yet be among the best `capacity` of all, as
/// far as this rank knows. So the disk holds few, and none that is needed is missing.
class Keeper {
 public:
  explicit Keeper(std::int64_t capacity) : capacity_(static_cast<std::size_t>(capacity)) {}

  bool wants(Score score, std::int64_t trial) const {
    return kept_.size() < capacity_ || std::pair(score, trial) < *kept_.rbegin();
  }
  /// Takes a trial that it wants. Returns the one whose checkpoint is of no use any more.
  std::optional<std::int64_t> take(Score score, std::int64_t trial) {
    kept_.emplace(score, trial);
    if (kept_.size() <= capacity_) return std::nullopt;
    const std::int64_t last = kept_.rbegin()->second;
    kept_.erase(std::prev(kept_.end()));
    return last;
  }

 private:
  std::size_t capacity_;
  std::set<std::pair<Score, std::int64_t>> kept_;  // the best first; ties by number, as everywhere
};

}  // namespace shoal
