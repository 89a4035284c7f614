#include "shoal/tensor/columns.hpp"

#include <algorithm>
#include <cmath>

#include "shoal/tensor/targets.hpp"
#include "tensor/both_types.hpp"
#include "tensor/gradient_chains.hpp"

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define COLUMN_MOMENTS(T) (std::int64_t rows, const T* x, double* mean, double* m2)
#define COLUMN_SUMS(T) (std::int64_t rows, const T* a, const T* b, double* sum_a, double* sum_ab)
#define NORMALIZE_PANEL(T) (std::int64_t rows, const T* z, const NormalizePanel<T>& panel, T* z_norm, T* y)
#define NORMALIZE_PANEL_BACKWARD(T) \
  (std::int64_t rows, const T* dy, const T* z_norm, const T* scale, const T* mean_dy, const T* mean_dy_z_norm, T* dz)
#define COLUMN_SUM(T) (std::int64_t rows, std::int64_t leaf_rows, const T* a, const T* b, T* out)
// NOLINTEND(bugprone-macro-parentheses)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/columns.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

template <class T>
void column_moments_target(std::int64_t rows, const T* x, double* HWY_RESTRICT mean, double* HWY_RESTRICT m2) {
  std::fill_n(mean, panel_width, 0.0);
  std::fill_n(m2, panel_width, 0.0);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < panel_width; ++c) mean[c] += static_cast<double>(x[r * panel_width + c]);
  }
  for (std::int64_t c = 0; c < panel_width; ++c) mean[c] /= static_cast<double>(rows);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < panel_width; ++c) {
      const double deviation = static_cast<double>(x[r * panel_width + c]) - mean[c];
      m2[c] = std::fma(deviation, deviation, m2[c]);
    }
  }
}

template <class T>
void column_sums_target(std::int64_t rows, const T* a, const T* b, double* HWY_RESTRICT sum_a,
                        double* HWY_RESTRICT sum_ab) {
  std::fill_n(sum_a, panel_width, 0.0);
  std::fill_n(sum_ab, panel_width, 0.0);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < panel_width; ++c) {
      const auto va = static_cast<double>(a[r * panel_width + c]);
      sum_a[c] += va;
      sum_ab[c] = std::fma(va, static_cast<double>(b[r * panel_width + c]), sum_ab[c]);
    }
  }
}

template <class T>
void normalize_panel_target(std::int64_t rows, const T* z, const NormalizePanel<T>& p, T* HWY_RESTRICT z_norm,
                            T* HWY_RESTRICT y) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < panel_width; ++c) {
      const T n = ((z[r * panel_width + c] - p.mean_high[c]) - p.mean_low[c]) * p.inverse_deviation[c];
      z_norm[r * panel_width + c] = n;
      y[r * panel_width + c] = std::fma(p.gamma[c], n, p.beta[c]);
    }
  }
}

template <class T>
void normalize_panel_backward_target(std::int64_t rows, const T* dy, const T* z_norm, const T* scale, const T* mean_dy,
                                     const T* mean_dy_z_norm, T* HWY_RESTRICT dz) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < panel_width; ++c) {
      const std::int64_t i = r * panel_width + c;
      dz[i] = scale[c] * std::fma(-z_norm[i], mean_dy_z_norm[c], dy[i] - mean_dy[c]);
    }
  }
}

template <class T>
void column_sum_target(std::int64_t rows, std::int64_t leaf_rows, const T* a, const T* b, T* HWY_RESTRICT out) {
  T stack[most_waiting_chains][panel_width];
  int depth = 0;
  for_each_gradient_chain(rows, leaf_rows, [&](std::int64_t begin, std::int64_t end, int merges, bool) {
    T sum[panel_width] = {};
    if (b == nullptr) {
      for (std::int64_t r = begin; r < end; ++r) {
        for (std::int64_t c = 0; c < panel_width; ++c) sum[c] += a[r * panel_width + c];
      }
    } else {
      for (std::int64_t r = begin; r < end; ++r) {
        for (std::int64_t c = 0; c < panel_width; ++c)
          sum[c] = std::fma(a[r * panel_width + c], b[r * panel_width + c], sum[c]);
      }
    }
    for (; merges > 0; --merges) {
      --depth;
      for (std::int64_t c = 0; c < panel_width; ++c) sum[c] = stack[depth][c] + sum[c];
    }
    std::copy_n(sum, panel_width, stack[depth]);
    ++depth;
  });
  std::copy_n(stack[0], panel_width, out);
}

SHOAL_KERNEL(column_moments, COLUMN_MOMENTS, (rows, x, mean, m2))
SHOAL_KERNEL(column_sums, COLUMN_SUMS, (rows, a, b, sum_a, sum_ab))
SHOAL_KERNEL(normalize_panel, NORMALIZE_PANEL, (rows, z, panel, z_norm, y))
SHOAL_KERNEL(normalize_panel_backward, NORMALIZE_PANEL_BACKWARD, (rows, dy, z_norm, scale, mean_dy, mean_dy_z_norm, dz))
SHOAL_KERNEL(column_sum, COLUMN_SUM, (rows, leaf_rows, a, b, out))

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

SHOAL_DISPATCH(column_moments, COLUMN_MOMENTS, (rows, x, mean, m2))
SHOAL_DISPATCH(column_sums, COLUMN_SUMS, (rows, a, b, sum_a, sum_ab))
SHOAL_DISPATCH(normalize_panel, NORMALIZE_PANEL, (rows, z, panel, z_norm, y))
SHOAL_DISPATCH(normalize_panel_backward, NORMALIZE_PANEL_BACKWARD,
               (rows, dy, z_norm, scale, mean_dy, mean_dy_z_norm, dz))
SHOAL_DISPATCH(column_sum, COLUMN_SUM, (rows, leaf_rows, a, b, out))

}  // namespace shoal
#endif
