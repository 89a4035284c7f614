#include "shoal/data/row_encoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

namespace shoal {

RowEncoder::RowEncoder(Encoding encoding, ColumnMatch match, std::int64_t features)
    : encoding_(std::move(encoding)),
      match_(std::move(match)),
      inputs_(encoding_.inputs(features)),
      mean_(encoding_.normalization.mean),
      scale_(encoding_.normalization.scale()),
      embedded_from_(static_cast<std::size_t>(inputs_) - encoding_.embedded().size()) {
  mean_.resize(static_cast<std::size_t>(features), 0.0);
  scale_.resize(static_cast<std::size_t>(features), 1.0);
}

std::string RowEncoder::refusal(std::size_t d, double value) const {
  const std::string name = encoding_.columns.empty() ? fmt::format("feature {}", d)
                                                     : fmt::format("column \"{}\"", encoding_.columns[d].column.name);
  if (!std::isfinite(value)) return fmt::format("{} is {}; remove or replace such values", name, value);
  if (!encoding_.columns.empty() && encoding_.columns[d].column.has_categories()) {
    const std::size_t numbers = match_.places[d].size();
    if (match_.others)
      return fmt::format("{} is {}; give the number of one of its {} categories, from 0, or {} for any other", name,
                         value, numbers - 1, numbers - 1);
    return fmt::format("{} is {}, which is no number of its {} categories, from 0; import the data again", name, value,
                       numbers);
  }
  return fmt::format("{} is {}, which is too large for float32 when normalised; remove or replace such values", name,
                     value);
}

std::string RowEncoder::encode_numbers(std::span<const double> values, std::span<float> x) const {
  const bool plain = match_.source.empty() && !encoding_.from_floats;
  if (plain) {  // without a question in the loop
    for (std::size_t d = 0; d < x.size(); ++d) x[d] = normalised(values[d], mean_[d], scale_[d]);
  } else {
    for (std::size_t d = 0; d < x.size(); ++d) x[d] = normalised(value_of(values, d), mean_[d], scale_[d]);
  }
  int wrong = 0;
  for (const float v : x) wrong |= static_cast<int>(!(std::fabs(v) <= std::numeric_limits<float>::max()));
  if (wrong == 0) return "";
  const auto at = std::find_if(x.begin(), x.end(), [](float v) { return !std::isfinite(v); });
  const auto d = static_cast<std::size_t>(at - x.begin());
  return refusal(d, value_of(values, d));
}

std::string RowEncoder::encode(std::span<const double> values, std::span<float> x, const UnseenDraw* draw,
                               std::int64_t row, std::span<std::int64_t> unseen) const {
  assert(std::ssize(x) == inputs_);
  if (encoding_.columns.empty()) return encode_numbers(values, x);
  std::size_t at = 0;
  std::size_t at_embedded = embedded_from_;
  for (std::size_t d = 0; d < encoding_.columns.size(); ++d) {
    const ColumnEncoding& column = encoding_.columns[d];
    if (column.absent) continue;
    const double value = value_of(values, d);
    const bool is_missing = std::isnan(value);
    if (!column.column.has_categories()) {
      x[at] = normalised(is_missing ? column.fill : value, mean_[d], scale_[d]);
      if (!std::isfinite(x[at])) return refusal(d, value);
      ++at;
      if (column.missing) x[at++] = is_missing ? 1.0F : 0.0F;
      if (!unseen.empty() && is_missing && !column.missing) ++unseen[d];
      continue;
    }
    const std::vector<std::int64_t>& places = match_.places[d];
    std::int64_t place = column.values();  // unseen
    if (is_missing) {
      if (column.missing) place = column.values() - 1;
    } else {
      if (!(value >= 0.0 && value == std::floor(value) && value < static_cast<double>(places.size())))
        return refusal(d, value);
      place = places[static_cast<std::size_t>(value)];
    }
    if (!unseen.empty() && place == column.values()) ++unseen[d];
    if (draw != nullptr && draw->hits(row, d)) place = column.values();
    if (column.embedded()) {
      x[at_embedded++] = static_cast<float>(place);
    } else {
      const std::span one_hot = x.subspan(at, static_cast<std::size_t>(column.places()));
      std::fill(one_hot.begin(), one_hot.end(), 0.0F);
      one_hot[static_cast<std::size_t>(place)] = 1.0F;
      at += one_hot.size();
    }
  }
  return "";
}

}  // namespace shoal
