#pragma once

#include <string>

#include "shoal/train/training.hpp"

namespace shoal {

/// Collective. Starts from the parameters of another checkpoint, and says where they may mean something else here.
void start_from(const std::string& path, Training& training, Communicator& comm);

}  // namespace shoal
