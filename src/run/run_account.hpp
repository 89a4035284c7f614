#pragma once

#include <string>

#include "shoal/train/training.hpp"

namespace shoal {

/// What a run says of itself before its first step: ranks, model, data.
std::string start_line(const Training& training, const Communicator& comm);
/// Of a run that has nothing left to do, and what would give it more.
std::string finished_line(const Training& training, const std::string& name);

/// Prints what would be trained: all layers with shapes, numbers and work, then steps and memory.
void print_dry_run(const Training& training, const Communicator& comm);

}  // namespace shoal
