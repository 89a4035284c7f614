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

/// G = X^T D over a run of leaves: `units` rows (at most 32, within one panel of X) of one panel of G. Every element is
/// one chain of fused multiply-adds a leaf (two or more where it is longer than gradient_chain_rows), joined by the
/// tree of chains of a leaf, then by that of leaves.
/// @param rows       of X and D, the whole run
/// @param leaf_rows  rows in a leaf; the last one may be short
/// @param x          column i of the first row in a panel of X; the rows behind follow at a stride of 32
/// @param d          (rows, 32): the panel of D
/// @param g          (units, 32), overwritten
template <class T>
void gradient_panel(std::int64_t rows, std::int64_t leaf_rows, const T* x, std::int64_t units, const T* d, T* g);

/// out[c] = sum over rows of a[r][c], in chains and trees as gradient_panel. a: (rows, pitch), of which columns [0,
/// width) are read, see Extent; out: 32.
template <class T>
void column_sum(std::int64_t rows, std::int64_t leaf_rows, std::int64_t width, const T* a, T* out,
                std::int64_t pitch = panel_width);

/// out[c * out_stride + r] = in[r * in_stride + c] for r below rows, c below columns, both at most 32.
template <class T>
void transpose_tile(std::int64_t rows, std::int64_t columns, const T* in, std::int64_t in_stride, T* out,
                    std::int64_t out_stride);

}  // namespace shoal
