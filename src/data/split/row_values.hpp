#pragma once

// The bytes of a row as numbers.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "shoal/data/normalization.hpp"
#include "shoal/io/element_type.hpp"

namespace shoal {

/// One number of a row of x, of targets or of weights.
double value_at(ElementType type, const std::byte* row, std::size_t element);

/// A row of x as it is. False where a value is not finite; may_miss: NaN is a missing cell.
bool read_values_of_row(ElementType type, const std::byte* row, bool may_miss, std::span<double> out);

/// Bytes, of which all columns make the same number: a look at a table, in place of arithmetic in double.
class ByteTable {
 public:
  ByteTable(double mean, double scale);
  /// False unless every byte makes a finite number.
  bool convert(const std::byte* row, std::span<float> out) const;

 private:
  std::array<float, 256> of_byte_;
  bool finite_ = true;
};

/// Makes of rows of x what Split::read() gives.
class RowNormalizer {
 public:
  RowNormalizer(ElementType type, const Normalization& normalization, std::size_t width);
  /// False where a number is not finite.
  bool convert(const std::byte* row, std::span<float> out) const;

 private:
  ElementType type_;
  std::vector<double> mean_;
  std::vector<double> scale_;
  std::optional<ByteTable> table_;
};

}  // namespace shoal
