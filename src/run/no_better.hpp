#pragma once

#include <string>
#include <vector>

#include "shoal/train/training.hpp"

namespace shoal {

/// Collective. In which metrics the model, as it is after the last step, is no better than a constant on the rows that
/// it is validated on, else on those that it was trained on; a sentence each, on rank 0. Nothing where these rows are
/// many beside those that were trained on so far, so that it takes no time that anybody feels, or more than a million,
/// of which metrics would take memory, or where classes have weights.
/// @param run  its folder, where all is saved
std::vector<std::string> no_better_than_constant(Training& training, const std::string& run);

}  // namespace shoal
