#pragma once

#include <cstdint>

namespace shoal {

/// What a rank does while it does not wait for others; the watch of the others is patient accordingly.
enum class Activity : std::int32_t {
  computing,   ///< one step
  starting,    ///< all before the first step
  reading,     ///< rows of a batch
  evaluating,  ///< a whole split
  saving,      ///< a checkpoint, nudges, results
  apart,       ///< on its own, for as long as it takes: a trial of a sweep
};

/// As in "has been <...> for 120 s".
const char* to_string(Activity activity) noexcept;

/// Marks what the main thread does from here to the end of a scope. Scopes nest; outside of all, a rank computes. What
/// it does inside of `apart` is for those alone who train with it.
class Doing {
 public:
  explicit Doing(Activity activity) noexcept;
  Doing(const Doing&) = delete;
  Doing& operator=(const Doing&) = delete;
  ~Doing();

 private:
  Activity before_;
  bool before_apart_;
};

/// Who asks what a rank does: those that it trains with at the moment, or all others as well.
enum class Onlookers { together, all };

/// May be asked by any thread.
Activity activity(Onlookers onlookers = Onlookers::together) noexcept;

/// The update that this rank works on, 0 before the first. For messages, and may be asked by any thread.
void note_step(std::int64_t step) noexcept;
std::int64_t noted_step() noexcept;

}  // namespace shoal
