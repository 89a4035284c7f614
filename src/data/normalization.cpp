#include "shoal/data/normalization.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

#include "shoal/core/error.hpp"
#include "shoal/core/square_sum.hpp"
#include "shoal/data/dataset.hpp"

namespace shoal {
namespace {

std::vector<std::int64_t> row_numbers(std::int64_t first, std::int64_t last) {
  assert(first < last);
  std::vector<std::int64_t> rows(static_cast<std::size_t>(last - first));
  std::iota(rows.begin(), rows.end(), first);
  return rows;
}

std::vector<double> rows_in_memory(const Split& split, std::int64_t first, std::int64_t last,
                                   const PrepareRows& prepare) {
  const std::vector<std::int64_t> rows = row_numbers(first, last);
  std::vector<double> values(rows.size() * static_cast<std::size_t>(split.features()));
  split.read_values(rows, values);
  if (prepare) prepare(values);
  return values;
}

/// What a feature or target is divided by that spreads so far. least: of a spread that has all its digits.
double divisor(double spread, double least, std::string_view what, std::size_t number) {
  if (!std::isfinite(spread))
    throw Error(
        ExitStatus::bad_data,
        fmt::format("the values of {} {} are too far apart for float64 arithmetic; scale them down", what, number));
  if (spread != 0.0 && spread < least)
    throw Error(
        ExitStatus::bad_data,
        fmt::format("the values of {} {} are too near each other for float64 arithmetic; scale them up", what, number));
  return spread == 0.0 ? 1.0 : spread;
}

}  // namespace

std::vector<double> Normalization::scale() const {
  std::vector<double> scale;
  for (const double d : deviation) scale.push_back(1.0 / d);
  return scale;
}

void check_normalization_mode(std::string_view mode) {
  if (mode == "standard" || mode == "unit" || mode == "none") return;
  throw Error(ExitStatus::usage,
              fmt::format("no normalisation \"{}\"; use standard, unit or none (data.normalize)", mode));
}

namespace {

/// Of rows of `width` values.
std::vector<double> moments_of(const std::vector<double>& values, std::size_t width) {
  std::vector<double> moments(2 * width, 0.0);
  const std::span mean = std::span(moments).first(width);
  const std::span m2 = std::span(moments).last(width);
  // Sums of differences from the first row: then a constant feature has exactly no deviation, and a large mean costs no
  // digits.
  for (std::size_t at = width; at < values.size(); at += width) {
    for (std::size_t d = 0; d < width; ++d) mean[d] += values[at + d] - values[d];
  }
  const std::size_t count = values.size() / width;
  const auto rows = static_cast<double>(count);
  for (std::size_t d = 0; d < width; ++d) mean[d] = values[d] + mean[d] / rows;
  for (std::size_t at = 0; at < values.size(); at += width) {
    for (std::size_t d = 0; d < width; ++d) {
      const double difference = values[at + d] - mean[d];
      m2[d] = square_sum(m2[d] + difference * difference, difference);
    }
  }
  return moments;
}

}  // namespace

std::vector<double> leaf_moments(const Split& split, std::int64_t first, std::int64_t last,
                                 const PrepareRows& prepare) {
  return moments_of(rows_in_memory(split, first, last, prepare), static_cast<std::size_t>(split.features()));
}

std::vector<double> leaf_target_moments(const Split& split, std::int64_t first, std::int64_t last) {
  const std::vector<std::int64_t> rows = row_numbers(first, last);
  const auto width = static_cast<std::size_t>(std::max<std::int64_t>(1, split.outputs()));
  std::vector<double> values(rows.size() * width);
  split.read_target_values(rows, values);
  return moments_of(values, width);
}

std::vector<double> leaf_extremes(const Split& split, std::int64_t first, std::int64_t last,
                                  const PrepareRows& prepare) {
  const std::vector<double> values = rows_in_memory(split, first, last, prepare);
  const auto width = static_cast<std::size_t>(split.features());
  std::vector<double> extremes(2 * width);
  for (std::size_t d = 0; d < width; ++d) extremes[d] = extremes[width + d] = values[d];
  for (std::size_t at = width; at < values.size(); at += width) {
    for (std::size_t d = 0; d < width; ++d) {
      extremes[d] = std::min(extremes[d], values[at + d]);
      extremes[width + d] = std::max(extremes[width + d], values[at + d]);
    }
  }
  return extremes;
}

void ExtremesMerge::operator()(std::span<double> left, std::span<const double> right, std::int64_t,
                               std::int64_t) const {
  const std::size_t width = left.size() / 2;
  for (std::size_t d = 0; d < width; ++d) {
    left[d] = std::min(left[d], right[d]);
    left[width + d] = std::max(left[width + d], right[width + d]);
  }
}

Normalization from_moments(std::string_view mode, std::span<const double> moments, std::int64_t rows,
                           std::string_view what) {
  const std::size_t width = moments.size() / 2;
  Normalization result{std::string(mode), {moments.begin(), moments.begin() + static_cast<std::ptrdiff_t>(width)}, {}};
  for (std::size_t d = 0; d < width; ++d) {
    const double deviation = std::sqrt(moments[width + d] / static_cast<double>(rows));
    constexpr double least = 1e-145;  // its square keeps its digits
    result.deviation.push_back(divisor(deviation, least, what, d));
  }
  return result;
}

Normalization from_extremes(std::string_view mode, std::span<const double> extremes) {
  const std::size_t width = extremes.size() / 2;
  Normalization result{
      std::string(mode), {extremes.begin(), extremes.begin() + static_cast<std::ptrdiff_t>(width)}, {}};
  for (std::size_t d = 0; d < width; ++d) {
    const double extent = extremes[width + d] - extremes[d];
    result.deviation.push_back(divisor(extent, std::numeric_limits<double>::min(), "feature", d));
  }
  return result;
}

bool needs_statistics(const Split& split, std::string_view mode) {
  check_normalization_mode(mode);
  return mode == "standard" || (mode == "unit" && !split.holds_images());
}

std::vector<double> node_statistics(const Split& split, std::string_view mode, const LeafShare& share,
                                    const PrepareRows& prepare) {
  assert(share.cut().samples == split.rows());
  const LeafCut& cut = share.cut();
  const bool moments = mode == "standard";
  const auto statistic = [&](std::int64_t leaf, std::span<double> out) {
    const std::vector<double> values = moments ? leaf_moments(split, cut.begin(leaf), cut.end(leaf), prepare)
                                               : leaf_extremes(split, cut.begin(leaf), cut.end(leaf), prepare);
    std::copy(values.begin(), values.end(), out.begin());
  };
  return fold_leaves(share, 2 * static_cast<std::size_t>(split.features()), statistics_merge(mode), statistic);
}

void share_by_channel(std::string_view mode, std::int64_t positions, std::int64_t rows, std::span<double> statistics) {
  if (positions == 1) return;
  const auto each = static_cast<std::size_t>(positions);
  const std::size_t width = statistics.size() / 2;
  for (std::size_t first = 0; first < width; first += each) {
    const std::span left = statistics.subspan(first, each);
    const std::span right = statistics.subspan(width + first, each);
    if (mode == "standard") {
      // Differences from the first, as in moments_of(): a constant channel has exactly no deviation.
      double mean = 0.0;
      for (const double m : left) mean += m - left[0];
      mean = left[0] + mean / static_cast<double>(positions);
      double m2 = 0.0;  // a feature's share, as the rows are counted once
      for (std::size_t i = 0; i < each; ++i) {
        const double apart = left[i] - mean;
        m2 = square_sum(m2 + (right[i] + apart * apart * static_cast<double>(rows)), apart);
      }
      std::fill(left.begin(), left.end(), mean);
      std::fill(right.begin(), right.end(), m2 / static_cast<double>(positions));
    } else {
      std::fill(left.begin(), left.end(), std::ranges::min(left));
      std::fill(right.begin(), right.end(), std::ranges::max(right));
    }
  }
}

const Merge& statistics_merge(std::string_view mode) {
  static const MomentsMerge moments;
  static const ExtremesMerge extremes;
  if (mode == "standard") return moments;
  return extremes;
}

Normalization from_statistics(const Split& split, std::string_view mode, std::span<const double> statistics) {
  if (mode == "standard") return from_moments(mode, statistics, split.rows());
  if (needs_statistics(split, mode)) return from_extremes(mode, statistics);
  const auto width = static_cast<std::size_t>(split.features());
  const double extent = mode == "unit" ? 255.0 : 1.0;
  return {std::string(mode), std::vector<double>(width, 0.0), std::vector<double>(width, extent)};
}

}  // namespace shoal
