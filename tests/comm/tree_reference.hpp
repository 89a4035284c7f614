#pragma once

// The tree written down a second time, as a recursion over leaves in one process, to compare with ==.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "shoal/core/leaf_tree.hpp"

namespace shoal {

/// A number for a leaf's element: sums of these are rounded, so that another bracketing gives other bits.
inline double leaf_number(std::int64_t leaf, std::size_t element) {
  std::uint64_t x = static_cast<std::uint64_t>(leaf) * 0x9e3779b97f4a7c15ULL + element * 0xbf58476d1ce4e5b9ULL + 1;
  x ^= x >> 29;
  x *= 0x94d049bb133111ebULL;
  x ^= x >> 32;
  const double magnitude = static_cast<double>(std::uint64_t{1} << (x & 15));
  return magnitude * (static_cast<double>(x >> 11) * 0x1.0p-53 - 0.4);
}

/// merge(left, right, samples of left, samples of right) adds right to left.
template <class T>
using MergeRows = std::function<void(std::span<T>, std::span<const T>, std::int64_t, std::int64_t)>;

/// The partial result of node (level, index), which has a present leaf.
template <class T>
std::vector<T> node_reference(const LeafCut& cut, TreeNode node, std::size_t width, const MergeRows<T>& merge) {
  const std::int64_t present = cut.leaves();
  if (node.level == 0) {
    std::vector<T> row(width);
    for (std::size_t e = 0; e < width; ++e) row[e] = static_cast<T>(leaf_number(node.index, e));
    return row;
  }
  const TreeNode left{node.level - 1, 2 * node.index};
  const TreeNode right{node.level - 1, 2 * node.index + 1};
  std::vector<T> row = node_reference<T>(cut, left, width, merge);
  if (right.leaves(present).size() == 0) return row;
  const auto samples = [&](TreeNode n) {
    return cut.begin(n.leaves(present).last) - cut.begin(n.leaves(present).first);
  };
  const std::vector<T> other = node_reference<T>(cut, right, width, merge);
  merge(row, other, samples(left), samples(right));
  return row;
}

template <class T>
std::vector<T> whole_reference(const LeafCut& cut, std::size_t width, const MergeRows<T>& merge) {
  int root = 0;
  while ((std::int64_t{1} << root) < cut.leaves()) ++root;
  return node_reference<T>(cut, {root, 0}, width, merge);
}

/// Cuts to try: all batches (full, short, one sample) of V leaves of s samples.
inline std::vector<LeafCut> cuts_of(std::int64_t leaves) {
  std::vector<LeafCut> cuts;
  for (const std::int64_t leaf_samples : {1, 3}) {
    for (std::int64_t present = 1; present <= leaves; ++present) {
      cuts.push_back({.samples = present * leaf_samples, .leaf_samples = leaf_samples});
    }
    cuts.push_back({.samples = leaves * leaf_samples - (leaf_samples - 1), .leaf_samples = leaf_samples});
  }
  return cuts;
}

}  // namespace shoal
