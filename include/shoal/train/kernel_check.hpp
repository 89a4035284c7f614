#pragma once

#include <string>

#include "shoal/comm/communicator.hpp"
#include "shoal/nn/model.hpp"

namespace shoal {

/// A hash of one leaf, forward and backward, on fixed numbers: what this processor and build compute.
std::string kernel_hash();
/// That of the kernels which such a model uses: rows, or images.
std::string kernel_hash(const Model& model);
/// Collective. @throws SharedError (internal) naming the ranks and hosts whose kernels give other bits
void check_kernels(const Communicator& comm);

}  // namespace shoal
