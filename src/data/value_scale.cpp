#include "shoal/data/value_scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "shoal/data/dataset.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_values = std::int64_t{1} << 20;
constexpr std::int64_t most_rows = 256;
constexpr std::int64_t few_rows = 16;  // of fewer, columns of a few large numbers look small
constexpr double far_shift = 1.5;      // deviations

/// Mean and deviation of a column, number by number.
struct RunningMoments {
  double count = 0.0;
  double mean = 0.0;
  double m2 = 0.0;

  void add(double x) {
    count += 1.0;
    const double apart = x - mean;
    mean += apart / count;
    m2 += apart * (x - mean);
  }
  double deviation() const { return count > 0.0 ? std::sqrt(m2 / count) : 0.0; }
};

std::vector<std::size_t> number_columns(const Split& split) {
  std::vector<std::size_t> columns;
  for (std::size_t c = 0; c < static_cast<std::size_t>(split.features()); ++c) {
    if (!split.table() || !split.table()->features[c].has_categories()) columns.push_back(c);
  }
  return columns;
}

ValueScale scale_of_numbers(const Split& split) {
  return scale_of(some_values(split), static_cast<std::size_t>(split.features()), number_columns(split));
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / std::max(1.0, static_cast<double>(values.size()));
}

/// A split as messages call it, and its numbers.
struct ToldSplit {
  std::string name;
  ValueScale scale;
};

std::string scales_line(const SmallerScale& found, const ToldSplit& small, const ToldSplit& large) {
  return fmt::format(
      "the numbers of {} are about {:.2g}, and those of {} about {:.3g}, in {} columns: are both on one scale, such as "
      "0 to 255?",
      small.name, found.size, large.name, found.other, found.columns);
}

std::string ranges_line(const ToldSplit& a, const ToldSplit& b) {
  const auto range = [](const ValueScale& scale) {
    return fmt::format("{:.4g} to {:.4g}, {:.3g} on average", scale.least, scale.most, mean_of(scale.mean));
  };
  return fmt::format("the numbers of {} are {}, and those of {} {}: are both on one scale, such as 0 to 255?", b.name,
                     range(b.scale), a.name, range(a.scale));
}

}  // namespace

std::vector<double> some_values(const Split& split) {
  const std::int64_t width = split.features();
  const std::int64_t count = std::min(split.rows(), std::clamp<std::int64_t>(most_values / width, 1, most_rows));
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < count; ++i) rows.push_back(i * split.rows() / count);
  std::vector<double> values(static_cast<std::size_t>(count * width));
  split.read_values(rows, values);
  return values;
}

ValueScale scale_of(std::span<const double> values, std::size_t width, std::span<const std::size_t> columns) {
  ValueScale scale;
  scale.rows = static_cast<std::int64_t>(values.size() / width);
  scale.greatest.resize(columns.size());
  std::vector<RunningMoments> moments(columns.size());
  double count = 0.0;
  for (; !values.empty(); values = values.subspan(width)) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const double x = values[columns[c]];
      if (std::isnan(x)) continue;
      scale.least = count > 0.0 ? std::min(scale.least, x) : x;
      scale.most = count > 0.0 ? std::max(scale.most, x) : x;
      scale.whole = scale.whole && x == std::trunc(x);
      scale.beyond_one += std::fabs(x) > 1.25 ? 1.0 : 0.0;
      scale.below_zero += x < 0.0 ? 1.0 : 0.0;
      scale.far_beyond_bytes += x > 319.0 ? 1.0 : 0.0;
      scale.greatest[c] = std::max(scale.greatest[c], std::fabs(x));
      moments[c].add(x);
      count += 1.0;
    }
  }
  for (const RunningMoments& column : moments) {
    scale.mean.push_back(column.mean);
    scale.deviation.push_back(column.deviation());
    scale.typical.push_back(std::fabs(column.mean) + column.deviation());
  }
  for (double* const share : {&scale.beyond_one, &scale.below_zero, &scale.far_beyond_bytes})
    *share /= std::max(1.0, count);
  return scale;
}

std::optional<SmallerScale> smaller_scale(const ValueScale& scale, std::span<const double> sizes,
                                          std::span<const double> others) {
  const bool shares = scale.are_shares();
  if (!shares && scale.rows < few_rows) return std::nullopt;
  const double above = shares ? 2.0 : 0.0;
  const double of_column = shares ? 4.0 : 10.0;
  const double of_all = shares ? 8.0 : 50.0;
  SmallerScale sums;
  std::size_t smaller = 0;
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    if (!(sizes[c] > 0.0) || !(others[c] > above)) continue;
    sums.size += sizes[c];
    sums.other += others[c];
    ++sums.columns;
    smaller += of_column * sizes[c] < others[c] ? 1 : 0;
  }
  if (sums.columns < few_columns || 2 * smaller < sums.columns || of_all * sums.size > sums.other) return std::nullopt;
  const auto columns = static_cast<double>(sums.columns);
  return SmallerScale{sums.size / columns, sums.other / columns, sums.columns};
}

std::optional<ShiftedScale> shifted_scale(const ValueScale& scale, std::span<const double> means,
                                          std::span<const double> deviations) {
  if (scale.rows < few_rows) return std::nullopt;
  ShiftedScale up;
  ShiftedScale down;
  for (std::size_t c = 0; c < means.size(); ++c) {
    const double by = scale.mean[c] - means[c];
    if (!(deviations[c] > 0.0) || std::fabs(by) <= far_shift * deviations[c]) continue;
    ShiftedScale& side = by > 0.0 ? up : down;
    side.by += by;
    ++side.columns;
  }
  ShiftedScale shift = up.columns > down.columns ? up : down;
  if (shift.columns < few_columns || 2 * shift.columns < means.size()) return std::nullopt;
  shift.by /= static_cast<double>(shift.columns);
  return shift;
}

std::string note_on_scales(const Split& train, const Split& other, const std::string& train_file) {
  const bool bytes = train.element_type() == ElementType::uint8 && other.element_type() == ElementType::uint8;
  if (bytes || other.is_of_split_of(train) || train.rows() == 0 || other.rows() == 0) return "";
  const ToldSplit a{fmt::format("split \"{}\"{}{}", train.name(), train_file.empty() ? "" : " of ", train_file),
                    scale_of_numbers(train)};
  const ToldSplit b{fmt::format("split \"{}\"", other.name()), scale_of_numbers(other)};
  if (a.scale.typical.size() != b.scale.typical.size()) return "";
  if (const auto found = smaller_scale(b.scale, b.scale.typical, a.scale.typical)) return scales_line(*found, b, a);
  if (const auto found = smaller_scale(a.scale, a.scale.typical, b.scale.typical)) return scales_line(*found, a, b);
  const bool many = a.scale.typical.size() >= few_columns;
  const bool no_bytes = (a.scale.could_be_bytes() && b.scale.plainly_no_bytes()) ||
                        (b.scale.could_be_bytes() && a.scale.plainly_no_bytes());
  if ((many && no_bytes) || shifted_scale(b.scale, a.scale.mean, a.scale.deviation)) return ranges_line(a, b);
  return "";
}

}  // namespace shoal
