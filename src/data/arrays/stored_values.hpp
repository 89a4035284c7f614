#pragma once

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "source_arrays.hpp"

namespace shoal {

/// Calls f with a value of the C++ type that an element type stands for.
template <class F>
auto with_type(ElementType type, const F& f) {
  switch (type) {
    case ElementType::uint8: return f(std::uint8_t{});
    case ElementType::uint16: return f(std::uint16_t{});
    case ElementType::uint32: return f(std::uint32_t{});
    case ElementType::uint64: return f(std::uint64_t{});
    case ElementType::int8: return f(std::int8_t{});
    case ElementType::int16: return f(std::int16_t{});
    case ElementType::int32: return f(std::int32_t{});
    case ElementType::int64: return f(std::int64_t{});
    case ElementType::float32: return f(float{});
    default: return f(double{});
  }
}

/// Whether a double holds a whole number: its bits from the first 1 to the last are at most 53.
template <class From>
bool fits_double(From value) {
  if constexpr (!std::is_integral_v<From> || sizeof(From) < 8) {
    return true;
  } else {
    auto size = static_cast<std::uint64_t>(value);
    if (value < 0) size = ~size + 1;
    return size == 0 || std::countl_zero(size) + std::countr_zero(size) + 53 >= 64;
  }
}

/// What stored values of one type stand for.
template <class From>
class StoredValues {
 public:
  StoredValues(const StoredArray& info, const MissingNumbers& missing) : info_(&info) {
    if (info.least) least_ = as_stored(*info.least);
    if (info.greatest) greatest_ = as_stored(*info.greatest);
    fills_.resize(info.missing.size() / sizeof(From));
    if (!fills_.empty()) std::memcpy(fills_.data(), info.missing.data(), info.missing.size());
    nan_ = missing.nan;
    for (const double number : missing.numbers) extra_.push_back(as_stored(number));
    if constexpr (std::is_floating_point_v<From>) {
      for (const From fill : fills_) nan_ = nan_ || std::isnan(fill);
    }
    plain_ = fills_.empty() && !info.least && !info.greatest && !missing.any();
  }

  bool is_missing(From value) const {
    if (plain_) return false;
    if constexpr (std::is_floating_point_v<From>) {
      if (std::isnan(value)) return nan_;
    }
    for (const From fill : fills_) {
      if (value == fill) return true;
    }
    const auto number = static_cast<double>(value);
    for (const double other : extra_) {
      if (number == other) return true;
    }
    return number < least_ || number > greatest_;
  }
  double value(From stored) const {
    const auto number = static_cast<double>(stored);
    return info_->packing ? info_->packing->scale * number + info_->packing->offset : number;
  }

 private:
  /// -999.9 is another number in float32 than in float64, and means the one that the array can hold.
  static double as_stored(double number) {
    const bool fits = std::fabs(number) <= static_cast<double>(std::numeric_limits<float>::max());
    return std::is_same_v<From, float> && fits ? static_cast<double>(static_cast<float>(number)) : number;
  }

  const StoredArray* info_;
  double least_ = -std::numeric_limits<double>::infinity();
  double greatest_ = std::numeric_limits<double>::infinity();
  std::vector<double> extra_;
  std::vector<From> fills_;
  bool nan_ = false;
  bool plain_ = true;
};

}  // namespace shoal
