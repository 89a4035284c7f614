#pragma once

#include <cstdint>

#include "shoal/train/training.hpp"

namespace shoal {

/// About the bytes that a checkpoint takes on disk. config: that the training goes on with
std::int64_t checkpoint_bytes(const Training& training, const Config& config);

}  // namespace shoal
