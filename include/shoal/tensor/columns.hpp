#pragma once

#include <cstdint>

#include "shoal/tensor/panels.hpp"

namespace shoal {

// Of tiles, (rows, pitch), columns [0, width) are worked on, see Extent; where results are 32 numbers each, the others
// are 0.

/// Per-column statistics of one panel, of one leaf, in float64, each column one chain over rows in order.
/// mean[c], and m2[c] = sum of squared deviations from that mean (two passes).
template <class T>
void column_moments(std::int64_t rows, std::int64_t width, const T* x, double* mean, double* m2,
                    std::int64_t pitch = panel_width);

/// What batch norm does to one panel: 32 values each. The mean is a pair of floats, so that activations far from zero
/// keep their digits.
template <class T>
struct NormalizePanel {
  const T* mean_high;
  const T* mean_low;
  const T* inverse_deviation;
  const T* gamma;
  const T* beta;
};

/// y = gamma * z_norm + beta with z_norm = ((z - mean_high) - mean_low) * inverse_deviation, which the functions below
/// make again rather than read: it has the same bits, and z is at hand.
template <class T>
void normalize_panel(std::int64_t rows, std::int64_t width, const T* z, const NormalizePanel<T>& panel, T* y,
                     std::int64_t pitch = panel_width);

/// sum_dy[c] = sum over rows of dy[r][c]; sum_dy_z_norm[c] = sum of dy[r][c] * z_norm[r][c].
template <class T>
void normalize_panel_sums(std::int64_t rows, std::int64_t width, const T* dy, const T* z,
                          const NormalizePanel<T>& panel, double* sum_dy, double* sum_dy_z_norm,
                          std::int64_t pitch = panel_width);

/// out[c] = sum over rows of dy[r][c] * z_norm[r][c], in chains and trees as column_sum().
template <class T>
void normalize_panel_gamma(std::int64_t rows, std::int64_t leaf_rows, std::int64_t width, const T* dy, const T* z,
                           const NormalizePanel<T>& panel, T* out, std::int64_t pitch = panel_width);

/// dz = scale * (dy - mean_dy - z_norm * mean_dy_z_norm); scale, mean_dy, mean_dy_z_norm: 32 values each.
template <class T>
void normalize_panel_backward(std::int64_t rows, std::int64_t width, const T* dy, const T* z,
                              const NormalizePanel<T>& panel, const T* scale, const T* mean_dy, const T* mean_dy_z_norm,
                              T* dz, std::int64_t pitch = panel_width);

}  // namespace shoal
