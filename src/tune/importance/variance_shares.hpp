#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tune/importance/regression_tree.hpp"

namespace shoal {

/// Two dimensions of which only both together tell something.
struct PairShare {
  std::size_t first = 0;
  std::size_t second = 0;
  double share = 0.0;
};

/// How the variance of a response comes about, in shares of all of it, each 0 to 1; together `explained` at most.
struct VarianceShares {
  std::vector<double> single;    ///< per dimension: by itself
  std::vector<PairShare> pairs;  ///< of all pairs what neither explains by itself; the greatest first
  double explained = 0.0;        ///< that trees tell of rows which they have not seen
};

/// Functional ANOVA by a forest, as Hutter, Hoos and Leyton-Brown, An efficient approach for assessing hyperparameter
/// importance (ICML 2014): a tree is constant on boxes, so the mean of its prediction over all dimensions but one or
/// two, and the variance of that, are exact sums over its leaves. Every place of the space counts alike, wherever the
/// rows lie.
///
/// Trees that are as deep as theirs fit noise, which then passes for variance of every dimension. So rows are cut in
/// two halves, again and again, with a tree for each, and in the place of the variance of one tree stands the
/// covariance of both: what one half has by chance, the other has not, and a dimension that does nothing comes to about
/// 0. The halves also tell how much of the variance trees explain at all, of rows of the other half. This is what
/// shares add up to, so what is noise, or too intricate for so few rows, is nobody's. Deterministic to the bit.
/// @returns nothing for fewer than least_rows, and for a response or dimensions that are all equal
std::optional<VarianceShares> variance_shares(const TreeRows& data);
inline constexpr std::size_t least_rows = 16;

}  // namespace shoal
