#include "shoal/tensor/elementwise.hpp"

#include <algorithm>

#include "shoal/core/elementary.hpp"
#include "shoal/tensor/targets.hpp"
#include "tensor/both_types.hpp"
#include "tensor/extents.hpp"

// NOLINTBEGIN(bugprone-macro-parentheses): T is a type
#define APPLY(T) (Unary f, T parameter, Extent n, const T* x, T* y)
#define APPLY_DERIVATIVE(T) (Unary f, T parameter, Extent n, const T* x, const T* y, const T* dy, T* dx)
#define COMBINE(T) \
  (Binary f, std::int64_t rows, std::int64_t width, Operand<T> a, Operand<T> b, T * y, std::int64_t pitch)
#define COMBINE_DERIVATIVE(T)                                                                                    \
  (Binary f, int operand, std::int64_t rows, std::int64_t width, Operand<T> a, Operand<T> b, const T* dy, T* dx, \
   std::int64_t pitch)
#define ADD_TO(T) (Extent n, const T* x, T* sum)
#define ADD(T) (std::int64_t n, const T* a, const T* b, T* sum)
// NOLINTEND(bugprone-macro-parentheses)

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/elementwise.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "tensor/functions-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace shoal {
namespace HWY_NAMESPACE {

/// Calls f(i) for each element of an extent.
template <class F>
HWY_INLINE void each_element(Extent extent, F f) {
  if (extent.rows == 1) {
    for (std::int64_t i = 0; i < extent.width; ++i) f(i);
  } else {
    for (std::int64_t r = 0; r < extent.rows; ++r) {
      for (std::int64_t c = 0; c < Extent::half; ++c) f(r * panel_width + c);
    }
  }
}

template <class T, class F>
HWY_INLINE void each(Extent n, const T* x, T* HWY_RESTRICT y, F f) {
  each_element(n, [=](std::int64_t i) { y[i] = f(x[i]); });
}

/// out[i] = f(d, in[i]...) by vectors of kind d; what is left of a row is done as a whole vector, too.
template <class F, class... In>
HWY_INLINE void each_vector(Extent extent, float* out, F f, const In*... in) {
  const hn::CappedTag<float, Extent::half> d;
  const auto lanes = static_cast<std::int64_t>(hn::Lanes(d));
  for (std::int64_t r = 0; r < extent.rows; ++r) {
    const std::int64_t end = r * panel_width + extent.width;
    std::int64_t i = r * panel_width;
    for (; i + 2 * lanes <= end; i += 2 * lanes) {
      const auto first = f(d, hn::LoadU(d, in + i)...);
      const auto second = f(d, hn::LoadU(d, in + i + lanes)...);
      hn::StoreU(first, d, out + i);
      hn::StoreU(second, d, out + i + lanes);
    }
    for (; i + lanes <= end; i += lanes) hn::StoreU(f(d, hn::LoadU(d, in + i)...), d, out + i);
    if (i == end) continue;
    const auto some = [&](const float* from) HWY_ATTR {
      float whole[Extent::half] = {};
      std::copy_n(from, end - i, whole);
      return hn::LoadU(d, whole);
    };
    float whole[Extent::half];
    hn::StoreU(f(d, some(in + i)...), d, whole);
    std::copy_n(whole, end - i, out + i);
  }
}

/// Of what is no loop for the compiler. False: nothing was done.
HWY_INLINE bool apply_in_vectors(Unary f, float p, Extent n, const float* x, float* y) {
  const auto each_of = [&](auto function) HWY_ATTR {
    each_vector(n, y, function, x);
    return true;
  };
  switch (f) {
    case Unary::leaky_relu:
      return each_of([p](auto d, auto v) HWY_ATTR { return hn::IfThenElse(v > hn::Zero(d), v, hn::Set(d, p) * v); });
    case Unary::tanh: return each_of([](auto d, auto v) HWY_ATTR { return tanh_of(d, v); });
    case Unary::sigmoid: return each_of([](auto d, auto v) HWY_ATTR { return sigmoid_of(d, v); });
    case Unary::gelu: return each_of([](auto d, auto v) HWY_ATTR { return gelu_of(d, v); });
    case Unary::silu: return each_of([](auto d, auto v) HWY_ATTR { return silu_of(d, v); });
    case Unary::exp: return each_of([](auto d, auto v) HWY_ATTR { return exp_of(d, v); });
    default: return false;
  }
}
HWY_INLINE bool apply_in_vectors(Unary, double, Extent, const double*, double*) { return false; }

HWY_INLINE bool derive_in_vectors(Unary f, Extent n, const float* x, const float* dy, float* dx) {
  const auto each_of = [&](auto slope) HWY_ATTR {
    each_vector(
        n, dx, [=](auto d, auto v, auto g) HWY_ATTR { return slope(d, v) * g; }, x, dy);
    return true;
  };
  switch (f) {
    case Unary::gelu: return each_of([](auto d, auto v) HWY_ATTR { return gelu_slope(d, v); });
    case Unary::silu: return each_of([](auto d, auto v) HWY_ATTR { return silu_slope(d, v); });
    default: return false;
  }
}
HWY_INLINE bool derive_in_vectors(Unary, Extent, const double*, const double*, double*) { return false; }

/// A function of double precision; floats come here for the logarithm alone.
template <class F>
auto in_double(F f) {
  return [f](auto v) { return static_cast<decltype(v)>(f(static_cast<double>(v))); };
}

template <class T>
void apply_target(Unary f, T p, Extent n, const T* x, T* y) {
  if (apply_in_vectors(f, p, n, x, y)) return;
  switch (f) {
    // NaN, the one value that differs from itself, passes. NOLINTNEXTLINE(misc-redundant-expression)
    case Unary::relu: return each(n, x, y, [](T v) { return v > T{0} ? v : (v == v ? T{0} : v); });
    case Unary::leaky_relu: return each(n, x, y, [p](T v) { return v > T{0} ? v : p * v; });
    case Unary::tanh: return each(n, x, y, in_double([](double v) { return elementary::tanh(v); }));
    case Unary::sigmoid: return each(n, x, y, in_double([](double v) { return elementary::sigmoid(v); }));
    case Unary::gelu: return each(n, x, y, in_double([](double v) { return v * elementary::normal_distribution(v); }));
    case Unary::silu: return each(n, x, y, in_double([](double v) { return v * elementary::sigmoid(v); }));
    case Unary::exp: return each(n, x, y, in_double([](double v) { return elementary::exp(v); }));
    case Unary::log: return each(n, x, y, in_double([](double v) { return elementary::log(v); }));
    case Unary::sqrt: return each(n, x, y, [](T v) { return std::sqrt(v); });
    case Unary::square: return each(n, x, y, [](T v) { return v * v; });
    case Unary::scale: return each(n, x, y, [p](T v) { return p * v; });
    case Unary::shift: return each(n, x, y, [p](T v) { return p + v; });
    case Unary::reciprocal: return each(n, x, y, [](T v) { return T{1} / v; });
  }
}

template <class T, class F>
HWY_INLINE void each_derivative(Extent n, const T* x, const T* y, const T* dy, T* HWY_RESTRICT dx, F f) {
  each_element(n, [=](std::int64_t i) { dx[i] = f(x[i], y[i]) * dy[i]; });
}

template <class T>
void apply_derivative_target(Unary f, T p, Extent n, const T* x, const T* y, const T* dy, T* dx) {
  if (derive_in_vectors(f, n, x, dy, dx)) return;
  switch (f) {
    case Unary::relu: return each_derivative(n, y, y, dy, dx, [](T, T u) { return u > T{0} ? T{1} : T{0}; });
    case Unary::leaky_relu: return each_derivative(n, x, y, dy, dx, [p](T v, T) { return v > T{0} ? T{1} : p; });
    case Unary::tanh: return each_derivative(n, x, y, dy, dx, [](T, T u) { return std::fma(-u, u, T{1}); });
    case Unary::sigmoid: return each_derivative(n, x, y, dy, dx, [](T, T u) { return u * (T{1} - u); });
    case Unary::gelu:
      return each_derivative(n, x, y, dy, dx, [f = in_double([](double v) {
                                                 const double density =
                                                     0.3989422804014327 * elementary::exp(-0.5 * v * v);
                                                 return std::fma(v, density, elementary::normal_distribution(v));
                                               })](T v, T) { return f(v); });
    case Unary::silu:
      return each_derivative(n, x, y, dy, dx, [f = in_double([](double v) {
                                                 const double share = elementary::sigmoid(v);
                                                 return share * std::fma(v, 1.0 - share, 1.0);
                                               })](T v, T) { return f(v); });
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
HWY_INLINE void each_pair(std::int64_t rows, std::int64_t width, Operand<T> a, Operand<T> b, T* HWY_RESTRICT y,
                          std::int64_t pitch, F f) {
  with_columns(width, pitch, [=](auto columns, auto apart) {
    for (std::int64_t r = 0; r < rows; ++r) {
      const T* pa = a.data + r * a.step;
      const T* pb = b.data + r * b.step;
      T* out = y + r * apart;
      for (std::int64_t c = 0; c < columns; ++c) out[c] = f(pa[c], pb[c], out[c]);
    }
  });
}

template <class T>
void combine_target(Binary f, std::int64_t rows, std::int64_t width, Operand<T> a, Operand<T> b, T* y,
                    std::int64_t pitch) {
  switch (f) {
    case Binary::add: return each_pair(rows, width, a, b, y, pitch, [](T u, T v, T) { return u + v; });
    case Binary::subtract: return each_pair(rows, width, a, b, y, pitch, [](T u, T v, T) { return u - v; });
    case Binary::multiply: return each_pair(rows, width, a, b, y, pitch, [](T u, T v, T) { return u * v; });
    case Binary::divide: return each_pair(rows, width, a, b, y, pitch, [](T u, T v, T) { return u / v; });
  }
}

template <class T>
void combine_derivative_target(Binary f, int operand, std::int64_t rows, std::int64_t width, Operand<T> a, Operand<T> b,
                               const T* dy, T* dx, std::int64_t pitch) {
  each(Extent::of(rows, width, pitch), dy, dx, [](T d) { return d; });
  if (operand == 0) {
    switch (f) {
      case Binary::add:
      case Binary::subtract: return;
      case Binary::multiply: return each_pair(rows, width, a, b, dx, pitch, [](T, T v, T d) { return d * v; });
      case Binary::divide: return each_pair(rows, width, a, b, dx, pitch, [](T, T v, T d) { return d / v; });
    }
  }
  switch (f) {
    case Binary::add: return;
    case Binary::subtract: return each_pair(rows, width, a, b, dx, pitch, [](T, T, T d) { return -d; });
    case Binary::multiply: return each_pair(rows, width, a, b, dx, pitch, [](T u, T, T d) { return d * u; });
    case Binary::divide:
      return each_pair(rows, width, a, b, dx, pitch, [](T u, T v, T d) { return -(d * u) / (v * v); });
  }
}

template <class T>
void add_to_target(Extent n, const T* x, T* HWY_RESTRICT sum) {
  each_element(n, [=](std::int64_t i) { sum[i] += x[i]; });
}

template <class T>
void add_target(std::int64_t n, const T* a, const T* b, T* HWY_RESTRICT sum) {
  for (std::int64_t i = 0; i < n; ++i) sum[i] = a[i] + b[i];
}

SHOAL_KERNEL(apply, APPLY, (f, parameter, n, x, y))
SHOAL_KERNEL(apply_derivative, APPLY_DERIVATIVE, (f, parameter, n, x, y, dy, dx))
SHOAL_KERNEL(combine, COMBINE, (f, rows, width, a, b, y, pitch))
SHOAL_KERNEL(combine_derivative, COMBINE_DERIVATIVE, (f, operand, rows, width, a, b, dy, dx, pitch))
SHOAL_KERNEL(add_to, ADD_TO, (n, x, sum))
SHOAL_KERNEL(add, ADD, (n, a, b, sum))

}  // namespace HWY_NAMESPACE
}  // namespace shoal
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace shoal {

SHOAL_DISPATCH(apply, APPLY, (f, parameter, n, x, y))
SHOAL_DISPATCH(apply_derivative, APPLY_DERIVATIVE, (f, parameter, n, x, y, dy, dx))
SHOAL_DISPATCH(combine, COMBINE, (f, rows, width, a, b, y, pitch))
SHOAL_DISPATCH(combine_derivative, COMBINE_DERIVATIVE, (f, operand, rows, width, a, b, dy, dx, pitch))
SHOAL_DISPATCH(add_to, ADD_TO, (n, x, sum))
SHOAL_DISPATCH(add, ADD, (n, a, b, sum))

bool keeps_zero(Unary f) {
  switch (f) {
    case Unary::relu:
    case Unary::leaky_relu:
    case Unary::tanh:
    case Unary::gelu:
    case Unary::square:
    case Unary::scale: return true;
    default: return false;
  }
}

template <class T>
void zero_padding(std::int64_t rows, std::int64_t width, T* tile, std::int64_t pitch) {
  if (width == pitch) return;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = width; c < pitch; ++c) tile[r * pitch + c] = T{0};
  }
}
template void zero_padding<float>(std::int64_t, std::int64_t, float*, std::int64_t);
template void zero_padding<double>(std::int64_t, std::int64_t, double*, std::int64_t);

}  // namespace shoal
#endif
