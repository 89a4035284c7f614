#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/core/leaf_tree.hpp"
#include "shoal/core/tree_sum.hpp"

namespace shoal {

class Split;

/// What every row of x is put through before the model: x' = (x - mean) / deviation, per feature. With empty vectors
/// the identity, which is learnt as means of 0 and deviations of 1. Learnt on the train split, kept in the checkpoint.
struct Normalization {
  std::string mode = "none";      ///< how it was learnt
  std::vector<double> mean;       ///< (D), or empty
  std::vector<double> deviation;  ///< (D), or empty; never 0

  std::vector<double> scale() const;  ///< 1 / deviation
};

/// What it makes of one value; scale as above.
inline float normalised(double x, double mean, double scale) { return static_cast<float>((x - mean) * scale); }

/// standard  mean and population deviation; deviation 1 where that is 0
/// unit      images (see Split::holds_images()): x / 255; else (x - min) / (max - min), deviation 1 where both are
/// equal none      the identity
/// @throws Error(usage)  for another word
void check_normalization_mode(std::string_view mode);

/// Statistics of features over rows are made per leaf and merged by the leaf tree, so that ranks share the work and any
/// number of them gets the same bits. Each statistic is 2 D numbers:
///   moments   D means, then D sums of squared deviations; merged by MomentsMerge
///   extremes  D minima, then D maxima; merged by ExtremesMerge
/// Of rows [first, last), which are held in memory meanwhile. Two passes, per feature one chain in row order.
/// @param prepare  changes the rows' values (row-major) before they count: fills missing cells
using PrepareRows = std::function<void(std::span<double> values)>;
std::vector<double> leaf_moments(const Split& split, std::int64_t first, std::int64_t last,
                                 const PrepareRows& prepare = {});
std::vector<double> leaf_extremes(const Split& split, std::int64_t first, std::int64_t last,
                                  const PrepareRows& prepare = {});

/// The moments of targets, see Split::read_target_values(), in place of features: K means, K sums.
std::vector<double> leaf_target_moments(const Split& split, std::int64_t first, std::int64_t last);

class ExtremesMerge final : public Merge {
 public:
  void operator()(std::span<double> left, std::span<const double> right, std::int64_t, std::int64_t) const override;
};

/// @throws Error (bad_data)  when values are too far apart, about 1e154, or differ by too little: a deviation below
///                           1e-145, an extent below the least normal double
/// @param what  they are of, for messages
Normalization from_moments(std::string_view mode, std::span<const double> moments, std::int64_t rows,
                           std::string_view what = "feature");
Normalization from_extremes(std::string_view mode, std::span<const double> extremes);

/// The same in three steps for any mode, of which only the second communicates:
///   partials = node_statistics(split, mode, share);                        each rank its own leaves; may throw
///   sum.tree_reduce(share, partials, statistics_merge(mode), statistics);  unless needs_statistics() is false
///   result   = from_statistics(split, mode, statistics);
bool needs_statistics(const Split& split, std::string_view mode);
/// (share.nodes().size(), 2 D) row-major. Memory: a leaf's rows and O(log leaves) statistics besides.
std::vector<double> node_statistics(const Split& split, std::string_view mode, const LeafShare& share,
                                    const PrepareRows& prepare = {});
const Merge& statistics_merge(std::string_view mode);
/// Gives all `positions` features of a channel, which stand beside each other, the statistics of the channel over them.
void share_by_channel(std::string_view mode, std::int64_t positions, std::int64_t rows, std::span<double> statistics);
Normalization from_statistics(const Split& split, std::string_view mode, std::span<const double> statistics);

}  // namespace shoal
