#pragma once

#include <cstdint>

namespace shoal {

/// What training does to each of its images, anew in every epoch; never done in evaluation, statistics or prediction.
/// In this order, as PyTorch's RandomCrop(size, padding), RandomHorizontalFlip and, after normalising, Cutout:
struct AugmentSettings {
  std::int64_t crop = 0;  ///< shifted by -crop to crop pixels each way: padded by `crop` on each side and cropped back
  bool flip = false;      ///< mirrored, left to right, with probability 1/2
  std::int64_t cutout = 0;  ///< a square of this edge, its middle anywhere in the image, is 0 after normalising

  bool any() const { return crop > 0 || flip || cutout > 0; }
  bool operator==(const AugmentSettings&) const = default;
};

}  // namespace shoal
