#include "train/data/far_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace shoal {
namespace {

constexpr float most_deviations = 10.0F;
constexpr double most_share = 0.01;  // of a column, which more than that many deviations imply

/// What the inputs are called, as RowEncoder lays them; empty where one is no number of a column.
std::vector<std::string> names_of_inputs(const Encoding& encoding, const ValueShape& shape,
                                         const std::vector<std::string>& names) {
  std::vector<std::string> inputs;
  if (shape.rows > 1) {
    for (std::int64_t c = 0; c < shape.columns; ++c) inputs.push_back(fmt::format("channel {}", c));
    return inputs;
  }
  for (std::size_t d = 0; encoding.columns.empty() && d < static_cast<std::size_t>(shape.columns); ++d)
    inputs.push_back(d < names.size() ? fmt::format("column \"{}\"", names[d]) : fmt::format("feature {}", d));
  for (const ColumnEncoding& column : encoding.columns) {
    const bool number = !column.column.has_categories() && !column.absent;
    if (number) inputs.push_back(fmt::format("column \"{}\"", column.column.name));
    const std::int64_t more = column.embedded() ? 0 : column.inputs() - (number ? 1 : 0);
    inputs.resize(inputs.size() + static_cast<std::size_t>(more));
  }
  return inputs;
}

}  // namespace

FarValues::FarValues(const Encoding& encoding, const ValueShape& shape, const std::vector<std::string>& names) {
  const std::string& mode = encoding.normalization.mode;
  if (encoding.normalization.mean.empty() || mode == "none") return;
  by_range_ = mode == "unit";
  least_ = by_range_ ? -1.0F : -most_deviations;
  greatest_ = by_range_ ? 2.0F : most_deviations;
  names_ = names_of_inputs(encoding, shape, names);
  sums_.resize(names_.size());
}

void FarValues::count(Panels<const float> x, std::int64_t rows) {
  if (names_.empty()) return;
  rows_ += rows;
  for (std::int64_t p = 0; p < x.panels(); ++p) {
    const auto first = static_cast<std::size_t>(p * panel_width);
    if (first >= sums_.size()) break;
    std::array<std::int32_t, panel_width> far{};
    const float* row = x.tile(p, 0);
    for (std::int64_t r = 0; r < rows; ++r, row += panel_width) {
      for (std::size_t c = 0; c < far.size(); ++c) far[c] += row[c] < least_ || row[c] > greatest_ ? 1 : 0;
    }
    for (std::size_t c = 0; c < std::min(far.size(), sums_.size() - first); ++c) sums_[first + c] += far[c];
  }
}

std::vector<double> FarValues::counts() const {
  std::vector<double> counts(sums_.begin(), sums_.end());
  counts.push_back(static_cast<double>(rows_));
  return counts;
}

std::string FarValues::told(std::span<const double> counts) const {
  const double rows = counts.back();
  double all = 0.0;
  double all_far = 0.0;
  for (std::size_t d = 0; d < names_.size(); ++d) {
    if (names_[d].empty()) continue;
    all += rows;
    all_far += counts[d];
  }
  // A column of few rows has more by chance, and of many columns some; not all of them together.
  const double expected = most_share * rows;
  const double least = all_far > most_share * all ? expected : expected + 6.0 * std::sqrt(expected) + 6.0;
  double far = 0.0;
  std::vector<std::size_t> columns;
  for (std::size_t d = 0; d < names_.size(); ++d) {
    if (names_[d].empty() || !(counts[d] > least)) continue;
    far += counts[d];
    columns.push_back(d);
  }
  if (columns.empty()) return "";
  const std::string& most = names_[*std::ranges::max_element(columns, {}, [&](std::size_t d) { return counts[d]; })];
  const std::string where =
      columns.size() == 1 ? most : fmt::format("{} columns, most of all {}", columns.size(), most);
  return fmt::format("{:.0f} of {:.0f} values in {} lie {}, where training had {}: are the units the same?", far,
                     rows * static_cast<double>(columns.size()), where,
                     by_range_ ? "more than the whole range of training outside of it"
                               : "more than 10 deviations from the mean of training",
                     by_range_ ? "none" : "1 in 100 at most");
}

}  // namespace shoal
