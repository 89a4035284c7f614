#pragma once

#include <cstdint>
#include <optional>

#include "shoal/tune/sweep_view.hpp"

namespace shoal {

/// How the job that works at a sweep gets on.
struct SweepPace {
  std::int64_t running = 0;  ///< trainings under way
  double share = 0.0;        ///< of the work of the whole sweep that is done, 0 to 1
  /// Since the job began, and as long as its own work so far says that the rest takes. None of a sweep that is not
  /// under way, or has not finished a training in this job.
  std::optional<double> seconds_gone;
  std::optional<double> seconds_left;
};

/// By the claims and journals in its folder, and the clock of this host. @throws Error  input_output
SweepPace pace_of(const SweepView& view);

}  // namespace shoal
