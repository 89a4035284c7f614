#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shoal/nn/layer_spec.hpp"

namespace shoal {

/// A known network for images, by name. Checkpoints hold the name and the layers that it stands for, so what one makes
/// never changes.
struct Preset {
  std::string name;
  std::int64_t channels = 0;  ///< of the first stage; 0: what the network is known by
  std::int64_t blocks = 0;    ///< in each stage; 0: what the network is known by
  double dropout = 0.0;       ///< before the last layer
};

/// resnet8, resnet20, resnet32, lenet.
std::vector<std::string> preset_names();
/// Whether its networks have stages of blocks. @throws Error (usage)  for a name that none has
bool has_blocks(const std::string& preset);

/// Its layers, without the last dense one.
///   resnet8, 20, 32: a convolution, then three stages of 1, 3, 5 residual blocks of 16, 32, 64 channels, the second
///   and
///     third beginning with stride 2, then the mean over all positions; shortcuts are 1x1 convolutions with batch norm
///     where shapes change. Source: He et al., Deep residual learning (2015), section 4.2
///   lenet: convolutions 5x5 of 32 and 64 channels, each with the largest of 2x2, then 128 units
/// @throws Error (usage)  for a name that none has
std::vector<LayerSpec> preset_layers(const Preset& preset);

}  // namespace shoal
