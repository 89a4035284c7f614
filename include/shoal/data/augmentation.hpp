#pragma once

#include <cstdint>

#include "shoal/core/random.hpp"
#include "shoal/data/augment_settings.hpp"

namespace shoal {

/// Which pixels of a sample make its image: (i, j) is pixel (i + down, (flip ? width - 1 - j : j) + right), black where
/// there is none, and 0 in [cut_top, cut_bottom) x [cut_left, cut_right).
struct ImageView {
  std::int64_t down = 0;
  std::int64_t right = 0;
  bool flip = false;
  std::int64_t cut_top = 0;
  std::int64_t cut_bottom = 0;
  std::int64_t cut_left = 0;
  std::int64_t cut_right = 0;
};

/// The changes of one epoch, by counter: a function of seed, epoch and the image's row in the data set alone.
/// Source of cutout: DeVries and Taylor, Improved Regularization of Convolutional Neural Networks with Cutout (2017).
class Augmentation {
 public:
  Augmentation(const AugmentSettings& settings, std::int64_t height, std::int64_t width, std::uint64_t seed,
               std::uint64_t epoch)
      : settings_(settings), height_(height), width_(width), source_(seed, Purpose::augment, epoch) {}

  ImageView view(std::int64_t row) const;

 private:
  AugmentSettings settings_;
  std::int64_t height_;
  std::int64_t width_;
  RandomSource source_;
};

}  // namespace shoal
