#pragma once

#include <string>

#include "shoal/train/training.hpp"

namespace shoal {

/// What to say at the end of a training whose running statistics of batch norm, by which it is judged and predicts,
/// still hold a part of what they began with; empty where that is a hundredth or less.
std::string statistics_lag(const Training& training);

}  // namespace shoal
