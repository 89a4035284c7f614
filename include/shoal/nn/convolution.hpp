#pragma once

#include <cstdint>

#include "shoal/graph/graph.hpp"

namespace shoal {

struct ConvolutionOptions {
  std::int64_t kernel_height = 3;
  std::int64_t kernel_width = 3;
  std::int64_t stride = 1;
  /// "same": (kernel - 1) / 2 zeros before and the rest of kernel - 1 behind, so that an image of n positions makes
  /// ceil(n / stride) of an odd kernel; as PyTorch's padding = kernel // 2. "valid": none.
  bool same_padding = true;
  std::int64_t groups = 1;  ///< channels that do not see each other: input channels / groups each
};

/// Cross-correlation of each sample's image x, (C, H, W), with the kernels in `weight`:
///   y[o][i][j] = bias[o] + sum over (kh, kw, c) of x[c][i s + kh - pad][j s + kw - pad] * weight[(kh, kw, c)][o]
/// weight: (kernel_height * kernel_width * C / groups, units), its rows in the order (kh, kw, c); bias: (units). Each
/// output is one chain of fused multiply-adds in that order, the bias first. @throws Error (usage) naming shapes that
/// do not fit. Source: Dumoulin & Visin, A guide to convolution arithmetic for deep learning (2016).
Value convolution(Value x, Value weight, const ConvolutionOptions& options);
Value convolution(Value x, Value weight, Value bias, const ConvolutionOptions& options);

}  // namespace shoal
