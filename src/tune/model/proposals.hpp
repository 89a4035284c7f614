#pragma once

#include <cstdint>
#include <vector>

#include "tune/search_plan.hpp"

namespace shoal {

/// Trials of the first round of a search that learns, which are spread evenly: a model of fewer would be a guess.
std::int64_t first_round(const SweepSettings& settings);

/// The next `count` trials of a search that learns, by what is known of all before. Where no trial has ended well they
/// are spread evenly as well. Equal accuracies count by their loss.
std::vector<Place> proposals(const SweepSettings& settings, std::uint64_t seed, const std::vector<Place>& places,
                             const std::vector<Standing>& standings, std::int64_t count);

}  // namespace shoal
