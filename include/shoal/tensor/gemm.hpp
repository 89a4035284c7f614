#pragma once

#include <cstdint>

#include "shoal/tensor/panels.hpp"

namespace shoal {

/// One panel of outputs of C = bias + A B, for `rows` rows: every element is one chain of fused multiply-adds over k in
/// order, beginning with its bias. So its bits do not depend on the rows beside it, on panels, threads or vector width.
/// @param depth     columns of A, rows of B
/// @param a         first row of A to use, in panel 0 of A
/// @param a_stride  elements from one panel of A to the next
/// @param b         panel of B: (depth, 32)
/// @param bias      32 values, or null for zeros
/// @param c         (rows, 32), overwritten
template <class T>
void product_panel(std::int64_t rows, std::int64_t depth, const T* a, std::int64_t a_stride, const T* b, const T* bias,
                   T* c);

/// Rows in a chain of the weight gradient; longer leaves are cut there and joined by the tree.
inline constexpr std::int64_t gradient_chain_rows = 256;

/// One leaf's part of G = X^T D: `units` rows (at most 32, within one panel of X) of one panel of G.
/// @param x    column i of the first row in a panel of X; the rows behind follow at a stride of 32
/// @param d    (rows, 32): the panel of D
/// @param g    (units, 32), overwritten
template <class T>
void gradient_panel(std::int64_t rows, const T* x, std::int64_t units, const T* d, T* g);

/// out[c] = sum over rows of a[r][c] * b[r][c], or of a[r][c] where b is null: chains of gradient_chain_rows joined by
/// the tree. a, b: (rows, 32); out: 32.
template <class T>
void column_sum(std::int64_t rows, const T* a, const T* b, T* out);

/// Panel `panel` of W^T, (columns of W, 32), from W.
template <class T>
void transpose_panel(Panels<const T> w, std::int64_t panel, T* out);

}  // namespace shoal
