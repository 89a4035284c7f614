#pragma once

#include <cstdint>

#include "shoal/graph/graph.hpp"

namespace shoal {

/// A square window that goes over an image: of a side of n positions it makes (n + 2 padding - size) / stride + 1,
/// rounded down.
struct PoolWindow {
  std::int64_t size = 2;
  std::int64_t stride = 2;
  std::int64_t padding = 0;  ///< positions outside the image on each side; at most size / 2
};

// x: (samples, C, H, W). @throws Error (usage), with window and shape, where the window does not fit.

/// The largest value in each window, the first of equals in row-major order; positions outside do not count. NaN where
/// one is in it, as PyTorch.
Value max_pool(Value x, const PoolWindow& window);

/// The mean over each window's size x size positions, of which those outside the image are 0, as PyTorch.
Value average_pool(Value x, const PoolWindow& window);

/// (samples, C): the mean over all positions, summed in float64.
Value global_average_pool(Value x);

/// (samples, C H W) in the order (C, H, W), so that a dense layer behind it has weights as PyTorch's.
Value flatten(Value x);

}  // namespace shoal
