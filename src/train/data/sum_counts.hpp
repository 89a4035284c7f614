#pragma once

#include <span>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// Collective. Adds up what every rank has counted, in place, on every rank: whole numbers, whose sums are exact.
void sum_counts(std::span<double> counts, Communicator& comm);

}  // namespace shoal
