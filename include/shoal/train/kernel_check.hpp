#pragma once

#include <string>

#include "shoal/comm/communicator.hpp"

namespace shoal {

/// A hash of one leaf, forward and backward, on fixed numbers: what this processor and build compute.
std::string kernel_hash();
/// Collective. @throws SharedError (internal) naming the ranks and hosts whose kernels give other bits
void check_kernels(const Communicator& comm);

}  // namespace shoal
