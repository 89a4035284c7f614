#pragma once

#include <cstdint>
#include <span>

#include "shoal/tensor/panels.hpp"

namespace shoal {

/// Rows that lie anywhere: where each begins in the operand that is read, and which row its result is.
struct Places {
  std::span<const std::int64_t> from;
  std::span<const std::int64_t> to;
};

/// A stretch of a chain: `depth` numbers of A, from `offset` elements behind where a row of it begins, times as many
/// rows of B from `row` on.
struct Stretch {
  std::int64_t offset = 0;
  std::int64_t depth = 0;
  std::int64_t row = 0;
};

/// to[i * to_stride + c] = from[i * from_stride + c] for i below rows, c below columns, which are at most 32.
template <class T>
void copy_columns(std::int64_t rows, std::int64_t columns, const T* from, std::int64_t from_stride, T* to,
                  std::int64_t to_stride);

/// Rows of a panel, at a stride of `pitch`, that are read next: they come into the cache while a product goes on. They
/// need not exist.
template <class T>
struct NextRows {
  const T* rows = nullptr;  ///< null: nothing is known
  std::int64_t each = 0;    ///< rows for each place
  std::int64_t columns = 0;
  std::int64_t pitch = panel_width;
};

/// One panel of outputs of a convolution: c_r = bias + sum over k of a_r[k] * b_k for each place, where a_r, counted
/// from a + from[r], and b_k go through the stretches in order, and c_r begins at c + to[r] * pitch. Every element is
/// one chain of fused multiply-adds over k, beginning with its bias, as in product_panel(): its bits do not depend on
/// the rows beside it, on threads or vector width.
/// @param b      panel of B: (rows, 32)
/// @param bias   32 values, or null for zeros
/// @param width  columns that are wanted, at most `pitch`; those behind may hold anything
template <class T>
void gathered_product(const Places& places, const T* a, std::span<const Stretch> stretches, const T* b, const T* bias,
                      std::int64_t width, const NextRows<T>& next, T* c, std::int64_t pitch = panel_width);

/// Positions beside each other in a row of an image: as many rows of X and of D, at strides that all lines share.
template <class T>
struct PositionLine {
  const T* x = nullptr;
  const T* d = nullptr;
  std::int64_t count = 0;
  /// Rows that are read next, of D as many, of X, as it was before it was laid out, next_each for each: they come into
  /// the cache meanwhile. They need not exist; null: nothing is known.
  const T* next_x = nullptr;
  const T* next_d = nullptr;
  std::int64_t next_each = 0;
};

/// Elements from one row of a line to the next.
struct LineStrides {
  std::int64_t x = panel_width;
  std::int64_t d = panel_width;
  std::int64_t next_x = panel_width;
};

/// g[u][c] += sum over positions of x[u] * d[c], for u below `units`: the sum is one chain of fused multiply-adds over
/// the positions in order, beginning with zero.
/// @param width  columns that are wanted, at most 32; those behind may hold anything
/// @param g      (units, 32)
template <class T>
void add_line_gradient(std::span<const PositionLine<T>> lines, const LineStrides& strides, std::int64_t units,
                       std::int64_t width, T* g);

/// c_r[i] = bias[i] + sum over taps of a_r[offset + i] * b[row][i] for i below 32, in chains as in gathered_product():
/// a convolution of each channel by itself. A stretch is a tap.
template <class T>
void channelwise_product(const Places& places, const T* a, std::span<const Stretch> taps, const T* b, const T* bias,
                         T* c);

/// g[c] += sum over `rows` rows of a_r[offset + c] * d[r][c] for c below 32: one chain over the rows.
template <class T>
void add_channelwise_gradient(std::int64_t rows, const T* const* a, std::int64_t offset, const T* d, T* g);

}  // namespace shoal
