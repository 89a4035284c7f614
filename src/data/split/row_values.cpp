#include "data/split/row_values.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <functional>

#include "data/contents.hpp"

namespace shoal {
namespace {

template <class T>
bool convert_values(const std::byte* row, bool may_miss, std::span<double> out) {
  bool usable = true;
  for (std::size_t d = 0; d < out.size(); ++d) {
    out[d] = static_cast<double>(element_at<T>(row + d * sizeof(T)));
    usable &= std::isfinite(out[d]) || (may_miss && std::isnan(out[d]));
  }
  return usable;
}

template <class T>
bool convert_normalised(const std::byte* row, std::span<const double> mean, std::span<const double> scale,
                        std::span<float> out) {
  bool finite = true;
  for (std::size_t d = 0; d < out.size(); ++d) {
    out[d] = normalised(static_cast<double>(element_at<T>(row + d * sizeof(T))), mean[d], scale[d]);
    finite &= std::isfinite(out[d]);
  }
  return finite;
}

bool all_equal(const std::vector<double>& values) {
  return std::ranges::adjacent_find(values, std::ranges::not_equal_to()) == values.end();
}

/// Dispatches on the element type of x (checked when the data set was opened).
template <class F>
auto with_element(ElementType type, const F& f) {
  if (type == ElementType::uint8) return f(std::uint8_t{});
  if (type == ElementType::float32) return f(float{});
  return f(double{});
}

}  // namespace

double value_at(ElementType type, const std::byte* row, std::size_t element) {
  return with_element(
      type, [&](auto each) { return static_cast<double>(element_at<decltype(each)>(row + element * sizeof(each))); });
}

bool read_values_of_row(ElementType type, const std::byte* row, bool may_miss, std::span<double> out) {
  return with_element(type, [&](auto element) { return convert_values<decltype(element)>(row, may_miss, out); });
}

ByteTable::ByteTable(double mean, double scale) {
  for (std::size_t byte = 0; byte < of_byte_.size(); ++byte) {
    of_byte_[byte] = normalised(static_cast<double>(byte), mean, scale);
    finite_ &= std::isfinite(of_byte_[byte]);
  }
}

bool ByteTable::convert(const std::byte* row, std::span<float> out) const {
  for (std::size_t d = 0; d < out.size(); ++d) out[d] = of_byte_[std::to_integer<std::size_t>(row[d])];
  return finite_;
}

RowNormalizer::RowNormalizer(ElementType type, const Normalization& normalization, std::size_t width)
    : type_(type), mean_(width, 0.0), scale_(width, 1.0) {
  assert(normalization.mean.empty() || normalization.mean.size() == width);
  assert(normalization.mean.size() == normalization.deviation.size());
  if (!normalization.mean.empty()) {
    mean_ = normalization.mean;
    scale_ = normalization.scale();
  }
  if (type == ElementType::uint8 && width > 0 && all_equal(mean_) && all_equal(scale_))
    table_.emplace(mean_[0], scale_[0]);
}

bool RowNormalizer::convert(const std::byte* row, std::span<float> out) const {
  if (table_ && table_->convert(row, out)) return true;
  return with_element(type_,
                      [&](auto element) { return convert_normalised<decltype(element)>(row, mean_, scale_, out); });
}

}  // namespace shoal
