#pragma once

#include <string>

#include "shoal/tune/sweep.hpp"

namespace shoal {

/// Lines on the models that a sweep with a winner leaves, and what to do with them.
std::string models_text(const SweepSummary& summary);

}  // namespace shoal
