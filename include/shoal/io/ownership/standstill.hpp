#pragma once

// Whether something that should change stands still, told by looking at it again and again.

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace shoal {

/// How long the same was seen. A look is worth `worth` at most, however long ago the one before it was: who was
/// suspended, or waited for a file system that had stopped, has not watched meanwhile. What it watches may have been
/// stopped by the same, and needs the time of a few more looks to show that it lives.
class Standstill {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using Clock = std::chrono::steady_clock;

  explicit Standstill(Duration worth) : worth_(worth) {}

  /// A look at `now` that saw `seen`. Returns for how long it has stood still.
  Duration look(std::string seen, Clock::time_point now = Clock::now()) {
    const Duration passed = last_ ? std::min(now - *last_, worth_) : Duration::zero();
    lasted_ = seen == seen_ ? lasted_ + passed : Duration::zero();
    seen_ = std::move(seen);
    last_ = now;
    return lasted_;
  }

 private:
  Duration worth_;
  std::optional<std::string> seen_;
  std::optional<Clock::time_point> last_;
  Duration lasted_{};
};

}  // namespace shoal
