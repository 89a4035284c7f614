#pragma once

#include <cstdint>
#include <string_view>

#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Functions of one value. `parameter` is the slope of leaky_relu below 0, the factor of scale, the summand of shift.
enum class Unary { relu, leaky_relu, tanh, sigmoid, gelu, silu, exp, log, sqrt, square, scale, shift, reciprocal };

/// y[i] = f(x[i]) for each element. Never reduces, so whatever stands beside an element changes none of its bits.
template <class T>
void apply(Unary f, T parameter, Extent extent, const T* x, T* y);
/// Whether f(0) = 0 and f'(0) is finite, so that padding stays zero forward and backward.
bool keeps_zero(Unary f);

/// dx[i] = f'(x[i]) * dy[i], with y = f(x) at hand. relu and leaky_relu take the slope of the left side at 0; relu
/// reads y alone.
template <class T>
void apply_derivative(Unary f, T parameter, Extent extent, const T* x, const T* y, const T* dy, T* dx);

enum class Binary { add, subtract, multiply, divide };

/// An operand of `combine`: (rows, step), or one row for all of them where step is 0.
template <class T>
struct Operand {
  const T* data;
  std::int64_t step = panel_width;
};

/// y[r][c] = a[r][c] f b[r][c] for columns [0, width) of (rows, pitch), see Extent.
template <class T>
void combine(Binary f, std::int64_t rows, std::int64_t width, Operand<T> a, Operand<T> b, T* y,
             std::int64_t pitch = panel_width);

/// dx = dy * (derivative of f with respect to operand 0 or 1), for every row, also where that operand has one row
/// alone.
template <class T>
void combine_derivative(Binary f, int operand, std::int64_t rows, std::int64_t width, Operand<T> a, Operand<T> b,
                        const T* dy, T* dx, std::int64_t pitch = panel_width);

/// sum[i] += x[i].
template <class T>
void add_to(Extent extent, const T* x, T* sum);

/// sum[i] = a[i] + b[i]; sum overlaps neither.
template <class T>
void add(std::int64_t n, const T* a, const T* b, T* sum);

/// Zeros in columns [width, pitch) of (rows, pitch).
template <class T>
void zero_padding(std::int64_t rows, std::int64_t width, T* tile, std::int64_t pitch = panel_width);

}  // namespace shoal
