#pragma once

#include "shoal/core/settings.hpp"

namespace shoal {

/// An operation that was told what neither its name nor the shapes of its inputs and output say: who writes a graph
/// down for other programs asks for it. Numbers by the names of the layer's settings, or what stands beside them here:
/// - leaky_relu: slope
/// - batch_norm, layer_norm: epsilon
/// - group_norm: groups, epsilon
/// - conv: kernel_height, kernel_width, stride, groups, before_y, before_x (zeros above and left)
/// - max_pool, average_pool: size, stride, padding
/// - embedding: column
/// - join: columns_<i> of input i
class Described {
 public:
  virtual Settings settings() const = 0;

 protected:
  ~Described() = default;
};

}  // namespace shoal
