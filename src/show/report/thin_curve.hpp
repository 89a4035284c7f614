#pragma once

#include <cstddef>
#include <vector>

#include "shoal/core/json.hpp"
#include "shoal/show/watch.hpp"

namespace shoal {

inline constexpr int curve_digits = 9;  ///< as many as metrics.jsonl has of a loss

using CurvePoints = std::vector<RunView::Point>;

/// Runs of steps without a gap: parts between which more steps are missing than anywhere nearby.
/// @param points  by step, ascending
std::vector<CurvePoints> split_at_gaps(const CurvePoints& points);

/// What a line through all points looks like on so many columns of pixels: of each column the first, the last, the
/// least and the greatest value, so that none of them is lost, and no other is needed. Source: Jugel, Jerzak,
/// Hackenbroich and Markl, M4: a visualization-oriented time series data aggregation (VLDB 2014).
/// @param points  by step, ascending
/// @param first, last  steps at the ends of the axis
CurvePoints thin_curve(const CurvePoints& points, std::int64_t first, std::int64_t last, std::size_t columns);

/// The mean of each of so many parts of the axis, at the mean of their steps: the course of a noisy curve.
CurvePoints mean_curve(const CurvePoints& points, std::int64_t first, std::int64_t last, std::size_t columns);

/// {"step": [...], "value": [...]} of a curve thinned to the columns of a wide screen, with nulls at gaps; with many
/// points also "mean", of the same form, and "per_mean", how many points a mean is of at most.
/// Values have 9 digits.
Json curve_json(const CurvePoints& points);

}  // namespace shoal
