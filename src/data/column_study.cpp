#include "shoal/data/column_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <numeric>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr int digit_bits = 8;
constexpr std::size_t digits = std::size_t{1} << digit_bits;
constexpr std::int64_t most_kept_bytes = std::int64_t{64} << 20;
constexpr std::int64_t block_values = std::int64_t{1} << 16;

/// Patterns are in the order of the numbers that they stand for.
template <class Bits, class Float>
Bits ordered(Float value) {
  constexpr Bits sign = Bits{1} << (8 * sizeof(Bits) - 1);
  const auto bits = std::bit_cast<Bits>(value + Float{0});  // -0 is 0
  return (bits & sign) != 0 ? ~bits : bits | sign;
}
template <class Float, class Bits>
Float number_of(Bits ordered_bits) {
  constexpr Bits sign = Bits{1} << (8 * sizeof(Bits) - 1);
  return std::bit_cast<Float>((ordered_bits & sign) != 0 ? ordered_bits & ~sign : ~ordered_bits);
}

std::vector<std::string> names_where(const std::vector<ColumnEncoding>& columns, const auto& holds) {
  std::vector<std::string> names;
  for (std::size_t d = 0; d < columns.size(); ++d) {
    if (holds(d)) names.push_back(columns[d].column.name);
  }
  return names;
}

}  // namespace

ColumnStudy::ColumnStudy(const Split& train, std::int64_t first, std::int64_t last)
    : train_(train),
      first_(first),
      last_(last),
      medians_(static_cast<std::size_t>(train.features())),
      bits_(train.element_type() == ElementType::float64 ? 64 : 32),
      bits_left_(bits_) {
  assert(train.table());
  std::size_t at = 0;
  for (const FeatureColumn& feature : train.table()->features) {
    columns_.push_back({feature});
    begin_.push_back(at);
    at += 1 + (feature.has_categories() ? feature.categories.size() : 1);  // missing cells, then those of each value
  }
  begin_.push_back(at);
}

std::size_t ColumnStudy::width() const {
  if (!kinds_known_) return begin_.back();
  return bits_left_ > 0 ? numbers_.size() * 2 * digits : 0;
}

std::uint64_t ColumnStudy::pattern_of(double value) const {
  return bits_ == 64 ? ordered<std::uint64_t>(value) : ordered<std::uint32_t>(static_cast<float>(value));
}

double ColumnStudy::value_of(std::uint64_t pattern) const {
  if (bits_ == 64) return number_of<double>(pattern);
  return static_cast<double>(number_of<float>(static_cast<std::uint32_t>(pattern)));
}

template <class F>
void ColumnStudy::each_block(const F& f) {
  const auto width = static_cast<std::int64_t>(columns_.size());
  if (!kept_.empty()) return f(std::span<const double>(kept_));
  const bool keep = (last_ - first_) * width * static_cast<std::int64_t>(sizeof(double)) <= most_kept_bytes;
  const std::int64_t block =
      keep ? std::max<std::int64_t>(1, last_ - first_) : std::max<std::int64_t>(1, block_values / width);
  for (std::int64_t first = first_; first < last_; first += block) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(block, last_ - first)));
    std::iota(rows.begin(), rows.end(), first);
    std::vector<double> values(rows.size() * columns_.size());
    train_.read_values(rows, values);
    f(std::span<const double>(values));
    if (keep) kept_ = std::move(values);
  }
}

void ColumnStudy::count(std::span<double> counts) {
  assert(counts.size() == width());
  std::fill(counts.begin(), counts.end(), 0.0);
  each_block([&](std::span<const double> values) {
    kinds_known_ ? count_digits(values, counts) : count_kinds(values, counts);
  });
}

void ColumnStudy::count_kinds(std::span<const double> values, std::span<double> counts) const {
  const std::size_t width = columns_.size();
  for (std::size_t at = 0; at < values.size(); at += width) {
    for (std::size_t d = 0; d < width; ++d) {
      const double value = values[at + d];
      const FeatureColumn& column = columns_[d].column;
      if (std::isnan(value)) {
        counts[begin_[d]] += 1.0;
      } else if (!column.has_categories()) {
        counts[begin_[d] + 1] += 1.0;
      } else if (value >= 0.0 && value < static_cast<double>(column.categories.size()) && value == std::floor(value)) {
        counts[begin_[d] + 1 + static_cast<std::size_t>(value)] += 1.0;
      } else {
        throw Error(ExitStatus::bad_data,
                    fmt::format("column \"{}\" is {} in a row of split \"{}\", and the table names {} categories; "
                                "import the data again",
                                column.name, value, train_.name(), column.categories.size()));
      }
    }
  }
}

void ColumnStudy::count_digits(std::span<const double> values, std::span<double> counts) const {
  const std::size_t width = columns_.size();
  const int shift = bits_left_ - digit_bits;
  const auto known = [&](std::uint64_t pattern) { return bits_left_ == 64 ? 0 : pattern >> bits_left_; };
  for (std::size_t n = 0; n < numbers_.size(); ++n) {
    const Median& median = medians_[numbers_[n]];
    const std::uint64_t low = known(median.low.pattern);
    const std::uint64_t high = known(median.high.pattern);
    double* low_counts = counts.data() + n * 2 * digits;
    for (std::size_t at = numbers_[n]; at < values.size(); at += width) {
      if (std::isnan(values[at])) continue;
      const std::uint64_t pattern = pattern_of(values[at]);
      const std::size_t digit = (pattern >> shift) & (digits - 1);
      if (known(pattern) == low) low_counts[digit] += 1.0;
      if (known(pattern) == high) low_counts[digits + digit] += 1.0;
    }
  }
}

void ColumnStudy::take(std::span<const double> sums) { kinds_known_ ? take_digits(sums) : take_kinds(sums); }

void ColumnStudy::take_kinds(std::span<const double> sums) {
  for (std::size_t d = 0; d < columns_.size(); ++d) {
    ColumnEncoding& column = columns_[d];
    const std::span<const double> values = sums.subspan(begin_[d] + 1, begin_[d + 1] - begin_[d] - 1);
    const double present = std::accumulate(values.begin(), values.end(), 0.0);
    column.missing = sums[begin_[d]] > 0.0;
    column.absent = present == 0.0;
    if (column.column.has_categories()) {
      std::vector<std::string> occurring;
      for (std::size_t k = 0; k < values.size(); ++k) {
        if (values[k] > 0.0) occurring.push_back(std::move(column.column.categories[k]));
      }
      std::sort(occurring.begin(), occurring.end());
      column.column.categories = std::move(occurring);
      if (column.values() > most_categories)
        throw Error(ExitStatus::bad_data, fmt::format("column \"{}\" has {} categories; at most {} can be told apart",
                                                      column.column.name, column.values(), most_categories));
    } else if (!column.absent) {
      numbers_.push_back(d);
      medians_[d].low.rank = std::floor((present - 1.0) / 2.0);
      medians_[d].high.rank = std::floor(present / 2.0);
    }
  }
  kinds_known_ = true;
  if (numbers_.empty()) bits_left_ = 0;
}

void ColumnStudy::take_digits(std::span<const double> sums) {
  bits_left_ -= digit_bits;
  const auto select = [&](Selection& selection, std::span<const double> counts) {
    std::size_t digit = 0;
    while (selection.rank >= counts[digit]) selection.rank -= counts[digit++];
    selection.pattern |= static_cast<std::uint64_t>(digit) << bits_left_;
    return std::count_if(counts.begin(), counts.end(), [](double c) { return c > 0.0; }) == 1;
  };
  for (std::size_t n = 0; n < numbers_.size(); ++n) {
    Median& median = medians_[numbers_[n]];
    const std::span<const double> counts = sums.subspan(n * 2 * digits, 2 * digits);
    const bool all_alike = select(median.low, counts.first(digits));
    select(median.high, counts.last(digits));
    median.constant = median.constant && all_alike;
    if (bits_left_ == 0)
      columns_[numbers_[n]].fill = std::midpoint(value_of(median.low.pattern), value_of(median.high.pattern));
  }
}

std::vector<std::string> ColumnStudy::constant() const {
  return names_where(columns_, [&](std::size_t d) {
    const ColumnEncoding& column = columns_[d];
    if (column.absent || column.missing) return false;
    return column.column.has_categories() ? column.values() == 1 : medians_[d].constant;
  });
}

std::vector<std::string> ColumnStudy::empty() const {
  return names_where(columns_, [&](std::size_t d) { return columns_[d].absent; });
}

}  // namespace shoal
