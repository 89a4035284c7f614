#include "shoal/tensor/columns.hpp"

#include <algorithm>
#include <cmath>

#include "shoal/tensor/targets.hpp"
#include "tensor/gradient_chains.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/columns.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

template <class T>
void moments_target(std::int64_t rows, const T* x, double* HWY_RESTRICT mean, double* HWY_RESTRICT m2) {
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
void sums_target(std::int64_t rows, const T* a, const T* b, double* HWY_RESTRICT sum_a, double* HWY_RESTRICT sum_ab) {
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
void normalize_target(std::int64_t rows, const T* z, const NormalizePanel<T>& p, T* HWY_RESTRICT z_norm,
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
void backward_target(std::int64_t rows, const T* dy, const T* z_norm, const T* scale, const T* mean_dy,
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

void moments_float(std::int64_t rows, const float* x, double* mean, double* m2) { moments_target(rows, x, mean, m2); }
void moments_double(std::int64_t rows, const double* x, double* mean, double* m2) { moments_target(rows, x, mean, m2); }
void sums_float(std::int64_t rows, const float* a, const float* b, double* sum_a, double* sum_ab) {
  sums_target(rows, a, b, sum_a, sum_ab);
}
void sums_double(std::int64_t rows, const double* a, const double* b, double* sum_a, double* sum_ab) {
  sums_target(rows, a, b, sum_a, sum_ab);
}
void normalize_float(std::int64_t rows, const float* z, const NormalizePanel<float>& p, float* z_norm, float* y) {
  normalize_target(rows, z, p, z_norm, y);
}
void normalize_double(std::int64_t rows, const double* z, const NormalizePanel<double>& p, double* z_norm, double* y) {
  normalize_target(rows, z, p, z_norm, y);
}
void backward_float(std::int64_t rows, const float* dy, const float* z_norm, const float* scale, const float* mean_dy,
                    const float* mean_dy_z_norm, float* dz) {
  backward_target(rows, dy, z_norm, scale, mean_dy, mean_dy_z_norm, dz);
}
void backward_double(std::int64_t rows, const double* dy, const double* z_norm, const double* scale,
                     const double* mean_dy, const double* mean_dy_z_norm, double* dz) {
  backward_target(rows, dy, z_norm, scale, mean_dy, mean_dy_z_norm, dz);
}
void column_sum_float(std::int64_t rows, std::int64_t leaf_rows, const float* a, const float* b, float* out) {
  column_sum_target(rows, leaf_rows, a, b, out);
}
void column_sum_double(std::int64_t rows, std::int64_t leaf_rows, const double* a, const double* b, double* out) {
  column_sum_target(rows, leaf_rows, a, b, out);
}

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

HWY_EXPORT(moments_float);
HWY_EXPORT(moments_double);
HWY_EXPORT(sums_float);
HWY_EXPORT(sums_double);
HWY_EXPORT(normalize_float);
HWY_EXPORT(normalize_double);
HWY_EXPORT(backward_float);
HWY_EXPORT(backward_double);
HWY_EXPORT(column_sum_float);
HWY_EXPORT(column_sum_double);

template <>
void column_moments<float>(std::int64_t rows, const float* x, double* mean, double* m2) {
  HWY_DYNAMIC_DISPATCH(moments_float)(rows, x, mean, m2);
}
template <>
void column_moments<double>(std::int64_t rows, const double* x, double* mean, double* m2) {
  HWY_DYNAMIC_DISPATCH(moments_double)(rows, x, mean, m2);
}
template <>
void column_sums<float>(std::int64_t rows, const float* a, const float* b, double* sum_a, double* sum_ab) {
  HWY_DYNAMIC_DISPATCH(sums_float)(rows, a, b, sum_a, sum_ab);
}
template <>
void column_sums<double>(std::int64_t rows, const double* a, const double* b, double* sum_a, double* sum_ab) {
  HWY_DYNAMIC_DISPATCH(sums_double)(rows, a, b, sum_a, sum_ab);
}
template <>
void normalize_panel<float>(std::int64_t rows, const float* z, const NormalizePanel<float>& panel, float* z_norm,
                            float* y) {
  HWY_DYNAMIC_DISPATCH(normalize_float)(rows, z, panel, z_norm, y);
}
template <>
void normalize_panel<double>(std::int64_t rows, const double* z, const NormalizePanel<double>& panel, double* z_norm,
                             double* y) {
  HWY_DYNAMIC_DISPATCH(normalize_double)(rows, z, panel, z_norm, y);
}
template <>
void normalize_panel_backward<float>(std::int64_t rows, const float* dy, const float* z_norm, const float* scale,
                                     const float* mean_dy, const float* mean_dy_z_norm, float* dz) {
  HWY_DYNAMIC_DISPATCH(backward_float)(rows, dy, z_norm, scale, mean_dy, mean_dy_z_norm, dz);
}
template <>
void normalize_panel_backward<double>(std::int64_t rows, const double* dy, const double* z_norm, const double* scale,
                                      const double* mean_dy, const double* mean_dy_z_norm, double* dz) {
  HWY_DYNAMIC_DISPATCH(backward_double)(rows, dy, z_norm, scale, mean_dy, mean_dy_z_norm, dz);
}
template <>
void column_sum<float>(std::int64_t rows, std::int64_t leaf_rows, const float* a, const float* b, float* out) {
  HWY_DYNAMIC_DISPATCH(column_sum_float)(rows, leaf_rows, a, b, out);
}
template <>
void column_sum<double>(std::int64_t rows, std::int64_t leaf_rows, const double* a, const double* b, double* out) {
  HWY_DYNAMIC_DISPATCH(column_sum_double)(rows, leaf_rows, a, b, out);
}

}  // namespace shoal
#endif
