#pragma once

#include <concepts>
#include <cstddef>
#include <span>

namespace shoal {

/// The gradient of a run of elements, summed over the batch: one row of numbers, or two that are added as they are
/// read. So the update takes both from memory at the pace at which it reads everything else. A view: owns nothing.
class GradientSum {
 public:
  template <std::convertible_to<std::span<const float>> Row>
  GradientSum(const Row& row) : left_(row) {}
  /// left[i] + right[i]; right has as many elements as left.
  GradientSum(std::span<const float> left, const float* right) : left_(left), right_(right) {}

  std::size_t size() const { return left_.size(); }
  float operator[](std::size_t i) const { return right_ == nullptr ? left_[i] : left_[i] + right_[i]; }

  std::span<const float> left() const { return left_; }
  const float* right() const { return right_; }  ///< null: there is one row

 private:
  std::span<const float> left_;
  const float* right_ = nullptr;
};

}  // namespace shoal
