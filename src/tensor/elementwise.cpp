#include "shoal/tensor/elementwise.hpp"

#include <algorithm>

#include "shoal/core/elementary.hpp"
#include "shoal/tensor/targets.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/elementwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

template <class T, class F>
HWY_INLINE void each(std::int64_t n, const T* x, T* HWY_RESTRICT y, F f) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = f(x[i]);
}

template <class T>
void apply_target(Unary f, T p, std::int64_t n, const T* x, T* y) {
  switch (f) {
    // NaN, the one value that differs from itself, passes. NOLINTNEXTLINE(misc-redundant-expression)
    case Unary::relu: return each(n, x, y, [](T v) { return v > T{0} ? v : (v == v ? T{0} : v); });
    case Unary::leaky_relu: return each(n, x, y, [p](T v) { return v > T{0} ? v : p * v; });
    case Unary::tanh: return each(n, x, y, [](T v) { return elementary::tanh(v); });
    case Unary::sigmoid: return each(n, x, y, [](T v) { return elementary::sigmoid(v); });
    case Unary::gelu: return each(n, x, y, [](T v) { return v * elementary::normal_distribution(v); });
    case Unary::exp: return each(n, x, y, [](T v) { return elementary::exp(v); });
    case Unary::log: return each(n, x, y, [](T v) { return elementary::log(v); });
    case Unary::sqrt: return each(n, x, y, [](T v) { return std::sqrt(v); });
    case Unary::square: return each(n, x, y, [](T v) { return v * v; });
    case Unary::scale: return each(n, x, y, [p](T v) { return p * v; });
    case Unary::shift: return each(n, x, y, [p](T v) { return p + v; });
    case Unary::reciprocal: return each(n, x, y, [](T v) { return T{1} / v; });
  }
}

template <class T, class F>
HWY_INLINE void each_derivative(std::int64_t n, const T* x, const T* y, const T* dy, T* HWY_RESTRICT dx, F f) {
  for (std::int64_t i = 0; i < n; ++i) dx[i] = f(x[i], y[i]) * dy[i];
}

template <class T>
void derivative_target(Unary f, T p, std::int64_t n, const T* x, const T* y, const T* dy, T* dx) {
  switch (f) {
    case Unary::relu: return each_derivative(n, x, y, dy, dx, [](T v, T) { return v > T{0} ? T{1} : T{0}; });
    case Unary::leaky_relu: return each_derivative(n, x, y, dy, dx, [p](T v, T) { return v > T{0} ? T{1} : p; });
    case Unary::tanh: return each_derivative(n, x, y, dy, dx, [](T, T u) { return std::fma(-u, u, T{1}); });
    case Unary::sigmoid: return each_derivative(n, x, y, dy, dx, [](T, T u) { return u * (T{1} - u); });
    case Unary::gelu:
      return each_derivative(n, x, y, dy, dx, [](T v, T) {
        const T density = static_cast<T>(0.3989422804014327) * elementary::exp(T{-0.5} * v * v);
        return std::fma(v, density, elementary::normal_distribution(v));
      });
    case Unary::exp: return each_derivative(n, x, y, dy, dx, [](T, T u) { return u; });
    case Unary::log: return each_derivative(n, x, y, dy, dx, [](T v, T) { return T{1} / v; });
    case Unary::sqrt: return each_derivative(n, x, y, dy, dx, [](T, T u) { return T{0.5} / u; });
    case Unary::square: return each_derivative(n, x, y, dy, dx, [](T v, T) { return v + v; });
    case Unary::scale: return each_derivative(n, x, y, dy, dx, [p](T, T) { return p; });
    case Unary::shift: return each_derivative(n, x, y, dy, dx, [](T, T) { return T{1}; });
    case Unary::reciprocal: return each_derivative(n, x, y, dy, dx, [](T, T u) { return -u * u; });
  }
}

template <class T, class F>
HWY_INLINE void each_pair(std::int64_t rows, Operand<T> a, Operand<T> b, T* HWY_RESTRICT y, F f) {
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* pa = a.data + r * a.step;
    const T* pb = b.data + r * b.step;
    T* out = y + r * panel_width;
    for (std::int64_t c = 0; c < panel_width; ++c) out[c] = f(pa[c], pb[c], out[c]);
  }
}

template <class T>
void combine_target(Binary f, std::int64_t rows, Operand<T> a, Operand<T> b, T* y) {
  switch (f) {
    case Binary::add: return each_pair(rows, a, b, y, [](T u, T v, T) { return u + v; });
    case Binary::subtract: return each_pair(rows, a, b, y, [](T u, T v, T) { return u - v; });
    case Binary::multiply: return each_pair(rows, a, b, y, [](T u, T v, T) { return u * v; });
    case Binary::divide: return each_pair(rows, a, b, y, [](T u, T v, T) { return u / v; });
  }
}

template <class T>
void combine_derivative_target(Binary f, int operand, std::int64_t rows, Operand<T> a, Operand<T> b, const T* dy,
                               T* dx) {
  std::copy_n(dy, rows * panel_width, dx);
  if (operand == 0) {
    switch (f) {
      case Binary::add:
      case Binary::subtract: return;
      case Binary::multiply: return each_pair(rows, a, b, dx, [](T, T v, T d) { return d * v; });
      case Binary::divide: return each_pair(rows, a, b, dx, [](T, T v, T d) { return d / v; });
    }
  }
  switch (f) {
    case Binary::add: return;
    case Binary::subtract: return each_pair(rows, a, b, dx, [](T, T, T d) { return -d; });
    case Binary::multiply: return each_pair(rows, a, b, dx, [](T u, T, T d) { return d * u; });
    case Binary::divide: return each_pair(rows, a, b, dx, [](T u, T v, T d) { return -(d * u) / (v * v); });
  }
}

template <class T>
void add_to_target(std::int64_t n, const T* x, T* HWY_RESTRICT sum) {
  for (std::int64_t i = 0; i < n; ++i) sum[i] += x[i];
}

template <class T>
void add_target(std::int64_t n, const T* a, const T* b, T* HWY_RESTRICT sum) {
  for (std::int64_t i = 0; i < n; ++i) sum[i] = a[i] + b[i];
}

void apply_float(Unary f, float p, std::int64_t n, const float* x, float* y) { apply_target(f, p, n, x, y); }
void apply_double(Unary f, double p, std::int64_t n, const double* x, double* y) { apply_target(f, p, n, x, y); }
void derivative_float(Unary f, float p, std::int64_t n, const float* x, const float* y, const float* dy, float* dx) {
  derivative_target(f, p, n, x, y, dy, dx);
}
void derivative_double(Unary f, double p, std::int64_t n, const double* x, const double* y, const double* dy,
                       double* dx) {
  derivative_target(f, p, n, x, y, dy, dx);
}
void combine_float(Binary f, std::int64_t rows, Operand<float> a, Operand<float> b, float* y) {
  combine_target(f, rows, a, b, y);
}
void combine_double(Binary f, std::int64_t rows, Operand<double> a, Operand<double> b, double* y) {
  combine_target(f, rows, a, b, y);
}
void combine_derivative_float(Binary f, int operand, std::int64_t rows, Operand<float> a, Operand<float> b,
                              const float* dy, float* dx) {
  combine_derivative_target(f, operand, rows, a, b, dy, dx);
}
void combine_derivative_double(Binary f, int operand, std::int64_t rows, Operand<double> a, Operand<double> b,
                               const double* dy, double* dx) {
  combine_derivative_target(f, operand, rows, a, b, dy, dx);
}
void add_to_float(std::int64_t n, const float* x, float* sum) { add_to_target(n, x, sum); }
void add_to_double(std::int64_t n, const double* x, double* sum) { add_to_target(n, x, sum); }
void add_float(std::int64_t n, const float* a, const float* b, float* sum) { add_target(n, a, b, sum); }
void add_double(std::int64_t n, const double* a, const double* b, double* sum) { add_target(n, a, b, sum); }

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

HWY_EXPORT(apply_float);
HWY_EXPORT(apply_double);
HWY_EXPORT(derivative_float);
HWY_EXPORT(derivative_double);
HWY_EXPORT(combine_float);
HWY_EXPORT(combine_double);
HWY_EXPORT(combine_derivative_float);
HWY_EXPORT(combine_derivative_double);
HWY_EXPORT(add_to_float);
HWY_EXPORT(add_to_double);
HWY_EXPORT(add_float);
HWY_EXPORT(add_double);

template <>
void apply<float>(Unary f, float parameter, std::int64_t n, const float* x, float* y) {
  HWY_DYNAMIC_DISPATCH(apply_float)(f, parameter, n, x, y);
}
template <>
void apply<double>(Unary f, double parameter, std::int64_t n, const double* x, double* y) {
  HWY_DYNAMIC_DISPATCH(apply_double)(f, parameter, n, x, y);
}
template <>
void apply_derivative<float>(Unary f, float parameter, std::int64_t n, const float* x, const float* y, const float* dy,
                             float* dx) {
  HWY_DYNAMIC_DISPATCH(derivative_float)(f, parameter, n, x, y, dy, dx);
}
template <>
void apply_derivative<double>(Unary f, double parameter, std::int64_t n, const double* x, const double* y,
                              const double* dy, double* dx) {
  HWY_DYNAMIC_DISPATCH(derivative_double)(f, parameter, n, x, y, dy, dx);
}
template <>
void combine<float>(Binary f, std::int64_t rows, Operand<float> a, Operand<float> b, float* y) {
  HWY_DYNAMIC_DISPATCH(combine_float)(f, rows, a, b, y);
}
template <>
void combine<double>(Binary f, std::int64_t rows, Operand<double> a, Operand<double> b, double* y) {
  HWY_DYNAMIC_DISPATCH(combine_double)(f, rows, a, b, y);
}
template <>
void combine_derivative<float>(Binary f, int operand, std::int64_t rows, Operand<float> a, Operand<float> b,
                               const float* dy, float* dx) {
  HWY_DYNAMIC_DISPATCH(combine_derivative_float)(f, operand, rows, a, b, dy, dx);
}
template <>
void combine_derivative<double>(Binary f, int operand, std::int64_t rows, Operand<double> a, Operand<double> b,
                                const double* dy, double* dx) {
  HWY_DYNAMIC_DISPATCH(combine_derivative_double)(f, operand, rows, a, b, dy, dx);
}
template <>
void add_to<float>(std::int64_t n, const float* x, float* sum) {
  HWY_DYNAMIC_DISPATCH(add_to_float)(n, x, sum);
}
template <>
void add_to<double>(std::int64_t n, const double* x, double* sum) {
  HWY_DYNAMIC_DISPATCH(add_to_double)(n, x, sum);
}
template <>
void add<float>(std::int64_t n, const float* a, const float* b, float* sum) {
  HWY_DYNAMIC_DISPATCH(add_float)(n, a, b, sum);
}
template <>
void add<double>(std::int64_t n, const double* a, const double* b, double* sum) {
  HWY_DYNAMIC_DISPATCH(add_double)(n, a, b, sum);
}

template <class T>
void zero_padding(std::int64_t rows, std::int64_t width, T* tile) {
  if (width == panel_width) return;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = width; c < panel_width; ++c) tile[r * panel_width + c] = T{0};
  }
}
template void zero_padding<float>(std::int64_t, std::int64_t, float*);
template void zero_padding<double>(std::int64_t, std::int64_t, double*);

}  // namespace shoal
#endif
