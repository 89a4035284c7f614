#pragma once

#include <cstdint>
#include <string>

#include "shoal/config/config.hpp"

namespace shoal {

/// A line that says so where a change of config before update `step` moves the learning rate by more than a tenth: from
/// what the update before had, and from what this one would have had. "" where it does not. How long to train counts as
/// well, for schedules that are stretched over it.
/// @param totals  updates of the whole run, by each config
std::string rate_jump(const Config& before, const Config& after, std::int64_t step, std::int64_t steps_per_epoch,
                      std::int64_t total_before, std::int64_t total_after);

}  // namespace shoal
