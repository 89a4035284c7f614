#include "shoal/tensor/columns.hpp"

#include <algorithm>
#include <cmath>

#include "shoal/tensor/targets.hpp"
#include "tensor/both_types.hpp"
#include "tensor/extents.hpp"
#include "tensor/gradient_chains.hpp"

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define COLUMN_MOMENTS(T) \
  (std::int64_t rows, std::int64_t width, const T* x, double* mean, double* m2, std::int64_t pitch)
#define NORMALIZE_PANEL(T) \
  (std::int64_t rows, std::int64_t width, const T* z, const NormalizePanel<T>& panel, T* y, std::int64_t pitch)
#define NORMALIZE_PANEL_SUMS(T)                                                                                    \
  (std::int64_t rows, std::int64_t width, const T* dy, const T* z, const NormalizePanel<T>& panel, double* sum_dy, \
   double* sum_dy_z_norm, std::int64_t pitch)
#define NORMALIZE_PANEL_GAMMA(T)                                                           \
  (std::int64_t rows, std::int64_t leaf_rows, std::int64_t width, const T* dy, const T* z, \
   const NormalizePanel<T>& panel, T* out, std::int64_t pitch)
#define NORMALIZE_PANEL_BACKWARD(T)                                                                                \
  (std::int64_t rows, std::int64_t width, const T* dy, const T* z, const NormalizePanel<T>& panel, const T* scale, \
   const T* mean_dy, const T* mean_dy_z_norm, T* dz, std::int64_t pitch)
#define COLUMN_SUM(T) \
  (std::int64_t rows, std::int64_t leaf_rows, std::int64_t width, const T* a, T* out, std::int64_t pitch)
// NOLINTEND(bugprone-macro-parentheses)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/columns.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

template <class T>
void column_moments_target(std::int64_t rows, std::int64_t width, const T* x, double* HWY_RESTRICT mean,
                           double* HWY_RESTRICT m2, std::int64_t pitch) {
  std::fill_n(mean, panel_width, 0.0);
  std::fill_n(m2, panel_width, 0.0);
  with_columns(width, pitch, [=](auto columns, auto apart) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) mean[c] += static_cast<double>(x[r * apart + c]);
    }
    for (std::int64_t c = 0; c < columns; ++c) mean[c] /= static_cast<double>(rows);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const double deviation = static_cast<double>(x[r * apart + c]) - mean[c];
        m2[c] = std::fma(deviation, deviation, m2[c]);
      }
    }
  });
}

/// z_norm of column c.
template <class T>
HWY_INLINE T normalized(T z, const NormalizePanel<T>& p, std::int64_t c) {
  return ((z - p.mean_high[c]) - p.mean_low[c]) * p.inverse_deviation[c];
}

template <class T>
void normalize_panel_target(std::int64_t rows, std::int64_t width, const T* z, const NormalizePanel<T>& panel,
                            T* HWY_RESTRICT y, std::int64_t pitch) {
  const NormalizePanel<T> p = panel;
  with_columns(width, pitch, [=](auto columns, auto apart) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t i = r * apart + c;
        y[i] = std::fma(p.gamma[c], normalized(z[i], p, c), p.beta[c]);
      }
    }
  });
}

template <class T>
void normalize_panel_sums_target(std::int64_t rows, std::int64_t width, const T* dy, const T* z,
                                 const NormalizePanel<T>& panel, double* HWY_RESTRICT sum_dy,
                                 double* HWY_RESTRICT sum_dy_z_norm, std::int64_t pitch) {
  std::fill_n(sum_dy, panel_width, 0.0);
  std::fill_n(sum_dy_z_norm, panel_width, 0.0);
  const NormalizePanel<T> p = panel;
  with_columns(width, pitch, [=](auto columns, auto apart) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t i = r * apart + c;
        const auto d = static_cast<double>(dy[i]);
        sum_dy[c] += d;
        sum_dy_z_norm[c] = std::fma(d, static_cast<double>(normalized(z[i], p, c)), sum_dy_z_norm[c]);
      }
    }
  });
}

template <class T>
void normalize_panel_backward_target(std::int64_t rows, std::int64_t width, const T* dy, const T* z,
                                     const NormalizePanel<T>& panel, const T* scale, const T* mean_dy,
                                     const T* mean_dy_z_norm, T* HWY_RESTRICT dz, std::int64_t pitch) {
  const NormalizePanel<T> p = panel;
  with_columns(width, pitch, [=](auto columns, auto apart) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < columns; ++c) {
        const std::int64_t i = r * apart + c;
        dz[i] = scale[c] * std::fma(-normalized(z[i], p, c), mean_dy_z_norm[c], dy[i] - mean_dy[c]);
      }
    }
  });
}

/// The sum of each column along the chains and trees of gradient_panel(): term(sum, i, c) is the sum with element i of
/// column c.
template <class T, class F>
HWY_INLINE void sum_columns(std::int64_t rows, std::int64_t leaf_rows, std::int64_t width, T* HWY_RESTRICT out,
                            std::int64_t pitch, F term) {
  std::fill_n(out, panel_width, T{0});
  with_columns(width, pitch, [=](auto columns, auto apart) {
    T stack[most_waiting_chains][columns];
    int depth = 0;
    for_each_gradient_chain(rows, leaf_rows, [&](std::int64_t begin, std::int64_t end, int merges, bool) {
      T sum[columns] = {};
      for (std::int64_t r = begin; r < end; ++r) {
        for (std::int64_t c = 0; c < columns; ++c) sum[c] = term(sum[c], r * apart + c, c);
      }
      for (; merges > 0; --merges) {
        --depth;
        for (std::int64_t c = 0; c < columns; ++c) sum[c] = stack[depth][c] + sum[c];
      }
      std::copy_n(sum, std::int64_t{columns}, stack[depth]);
      ++depth;
    });
    std::copy_n(stack[0], std::int64_t{columns}, out);
  });
}

template <class T>
void column_sum_target(std::int64_t rows, std::int64_t leaf_rows, std::int64_t width, const T* a, T* out,
                       std::int64_t pitch) {
  sum_columns<T>(rows, leaf_rows, width, out, pitch, [=](T sum, std::int64_t i, std::int64_t) { return sum + a[i]; });
}

template <class T>
void normalize_panel_gamma_target(std::int64_t rows, std::int64_t leaf_rows, std::int64_t width, const T* dy,
                                  const T* z, const NormalizePanel<T>& panel, T* out, std::int64_t pitch) {
  const NormalizePanel<T> p = panel;
  sum_columns<T>(rows, leaf_rows, width, out, pitch,
                 [=](T sum, std::int64_t i, std::int64_t c) { return std::fma(dy[i], normalized(z[i], p, c), sum); });
}

SHOAL_KERNEL(column_moments, COLUMN_MOMENTS, (rows, width, x, mean, m2, pitch))
SHOAL_KERNEL(normalize_panel, NORMALIZE_PANEL, (rows, width, z, panel, y, pitch))
SHOAL_KERNEL(normalize_panel_sums, NORMALIZE_PANEL_SUMS, (rows, width, dy, z, panel, sum_dy, sum_dy_z_norm, pitch))
SHOAL_KERNEL(normalize_panel_gamma, NORMALIZE_PANEL_GAMMA, (rows, leaf_rows, width, dy, z, panel, out, pitch))
SHOAL_KERNEL(normalize_panel_backward, NORMALIZE_PANEL_BACKWARD,
             (rows, width, dy, z, panel, scale, mean_dy, mean_dy_z_norm, dz, pitch))
SHOAL_KERNEL(column_sum, COLUMN_SUM, (rows, leaf_rows, width, a, out, pitch))

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

SHOAL_DISPATCH(column_moments, COLUMN_MOMENTS, (rows, width, x, mean, m2, pitch))
SHOAL_DISPATCH(normalize_panel, NORMALIZE_PANEL, (rows, width, z, panel, y, pitch))
SHOAL_DISPATCH(normalize_panel_sums, NORMALIZE_PANEL_SUMS, (rows, width, dy, z, panel, sum_dy, sum_dy_z_norm, pitch))
SHOAL_DISPATCH(normalize_panel_gamma, NORMALIZE_PANEL_GAMMA, (rows, leaf_rows, width, dy, z, panel, out, pitch))
SHOAL_DISPATCH(normalize_panel_backward, NORMALIZE_PANEL_BACKWARD,
               (rows, width, dy, z, panel, scale, mean_dy, mean_dy_z_norm, dz, pitch))
SHOAL_DISPATCH(column_sum, COLUMN_SUM, (rows, leaf_rows, width, a, out, pitch))

}  // namespace shoal
#endif
