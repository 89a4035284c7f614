#include "shoal/data/value_scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/data/dataset.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_values = std::int64_t{1} << 20;
constexpr std::int64_t most_rows = 256;
constexpr std::int64_t few_rows = 16;  // of fewer, columns of a few large numbers look small

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
  double size() const { return count > 0.0 ? std::fabs(mean) + std::sqrt(m2 / count) : 0.0; }
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

std::string scales_line(const SmallerScale& found, const Split& small, const Split& large) {
  return fmt::format(
      "the numbers of split \"{}\" are about {:.2g}, and those of \"{}\" about {:.3g}, in {} columns: "
      "are both on one scale, such as 0 to 255?",
      small.name(), found.size, large.name(), found.other, found.columns);
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
      scale.greatest[c] = std::max(scale.greatest[c], std::fabs(x));
      moments[c].add(x);
      count += 1.0;
    }
  }
  for (const RunningMoments& column : moments) scale.typical.push_back(column.size());
  scale.beyond_one /= std::max(1.0, count);
  scale.below_zero /= std::max(1.0, count);
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

std::string note_on_scales(const Split& train, const Split& other) {
  const bool bytes = train.element_type() == ElementType::uint8 && other.element_type() == ElementType::uint8;
  if (bytes || other.is_of_split_of(train) || train.rows() == 0 || other.rows() == 0) return "";
  const ValueScale a = scale_of_numbers(train);
  const ValueScale b = scale_of_numbers(other);
  if (const auto found = smaller_scale(b, b.typical, a.typical)) return scales_line(*found, other, train);
  if (const auto found = smaller_scale(a, a.typical, b.typical)) return scales_line(*found, train, other);
  return "";
}

}  // namespace shoal
