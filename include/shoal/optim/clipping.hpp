#pragma once

#include <span>

namespace shoal {

/// Squared norm of gradient_sum / batch over one chunk, in float64. The quotient is the float that the update uses; its
/// square is exact. Element i adds to lane i % 32, in order; lanes fold as lane j += lane j + h for h = 16, 8, 4, 2, 1.
double sum_of_squares(std::span<const float> gradient_sum, float batch);

/// The factor on the gradient that clips its global norm: min(1, clip_norm / (norm + 1e-6)), and 1 when clip_norm is 0
/// (no clipping). NaN when the norm is NaN, so that divergence is not hidden. As torch.nn.utils.clip_grad_norm_.
double clip_factor(double norm_squared, double clip_norm);

}  // namespace shoal
