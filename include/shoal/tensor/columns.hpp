#pragma once

#include <cstdint>

#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Per-column statistics of one panel, (rows, 32), of one leaf, in float64, each column one chain over rows in order.
/// mean[c], and m2[c] = sum of squared deviations from that mean (two passes).
template <class T>
void column_moments(std::int64_t rows, const T* x, double* mean, double* m2);

/// sum_a[c] = sum over rows of a[r][c]; sum_ab[c] = sum of a[r][c] * b[r][c].
template <class T>
void column_sums(std::int64_t rows, const T* a, const T* b, double* sum_a, double* sum_ab);

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

/// z_norm = ((z - mean_high) - mean_low) * inverse_deviation; y = gamma * z_norm + beta, for (rows, 32).
template <class T>
void normalize_panel(std::int64_t rows, const T* z, const NormalizePanel<T>& panel, T* z_norm, T* y);

/// dz = scale * (dy - mean_dy - z_norm * mean_dy_z_norm); scale, mean_dy, mean_dy_z_norm: 32 values each.
template <class T>
void normalize_panel_backward(std::int64_t rows, const T* dy, const T* z_norm, const T* scale, const T* mean_dy,
                              const T* mean_dy_z_norm, T* dz);

}  // namespace shoal
