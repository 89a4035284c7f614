#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "shoal/core/leaf_tree.hpp"
#include "shoal/tensor/gemm.hpp"

namespace shoal {

/// Most partials that wait on the stack of for_each_gradient_chain: log2 of the leaves, log2 of the chains of a leaf,
/// and one that arrives at each.
inline constexpr int most_waiting_chains = 32;

/// Cuts a run of leaves into the chains of a weight gradient, at leaves and every gradient_chain_rows rows of a leaf.
/// Calls chain(begin, end, merges, last) for each in order: its partial meets `merges` partials, from the top of the
/// stack of those that wait, each as its left operand, and then waits itself. After the last one nothing is left.
/// Inlined, so that the chain is compiled for the caller's instruction set in one piece.
template <class F>
[[gnu::always_inline]] inline void for_each_gradient_chain(std::int64_t rows, std::int64_t leaf_rows, F chain) {
  const std::int64_t leaves = (rows + leaf_rows - 1) / leaf_rows;
  int waiting_leaves = 0;
  for (std::int64_t leaf = 0; leaf < leaves; ++leaf) {
    const std::int64_t leaf_begin = leaf * leaf_rows;
    const std::int64_t leaf_end = std::min(rows, leaf_begin + leaf_rows);
    const bool last_leaf = leaf + 1 == leaves;
    int waiting = 0;
    std::int64_t number = 0;
    for (std::int64_t begin = leaf_begin; begin < leaf_end; begin += gradient_chain_rows, ++number) {
      const std::int64_t end = std::min(leaf_end, begin + gradient_chain_rows);
      const bool last = end == leaf_end;
      int merges = merges_after(number, last, ++waiting);
      waiting -= merges;
      if (last) {
        const int of_leaves = merges_after(leaf, last_leaf, ++waiting_leaves);
        waiting_leaves -= of_leaves;
        merges += of_leaves;
      }
      assert(waiting + waiting_leaves <= most_waiting_chains);
      chain(begin, end, merges, last && last_leaf);
    }
  }
}

}  // namespace shoal
