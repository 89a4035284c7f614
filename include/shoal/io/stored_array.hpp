#pragma once

// Arrays of numbers in files of other programs, for import.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shoal/io/element_type.hpp"

namespace shoal {

/// How numbers lie in a file.
struct StoredForm {
  std::size_t bytes = 0;  ///< of an element; 0: in none of the forms that convert_stored() knows
  bool swapped = false;   ///< big endian
  bool half = false;      ///< float16
};

/// Elements as they lie in a file to elements in this machine's order, float16 to float32.
void convert_stored(const StoredForm& form, const std::byte* in, std::byte* out, std::size_t count);

/// What a file says of an array.
struct StoredArray {
  ElementType type = ElementType::float32;  ///< of what is read: float16 becomes float32, booleans uint8
  std::vector<std::int64_t> shape;          ///< at least one dimension
  /// By the conventions of netCDF: `_FillValue`, `missing_value` (values of `type`, one behind the other), the value
  /// that netCDF writes where nothing was written, and `valid_min`, `valid_max`, `valid_range`.
  std::vector<std::byte> missing = {};
  std::optional<double> least = {};
  std::optional<double> greatest = {};
  /// What was stored stands for scale * stored + offset (`scale_factor`, `add_offset`); nothing: for itself.
  struct Packing {
    double scale = 1.0;
    double offset = 0.0;
  };
  std::optional<Packing> packing = {};
  std::string units = {};  ///< the attribute of that name; empty: none

  std::int64_t rows() const { return shape[0]; }
  std::int64_t row_elements() const;  ///< product of all extents but the first
  bool has_missing() const { return !missing.empty() || least || greatest; }
};

/// Rows that are read together.
struct ArrayBlock {
  std::int64_t first = 0;
  std::int64_t rows = 0;
  std::span<const std::byte> bytes;  ///< elements of StoredArray::type, row-major
};

/// Reads an array from its file. For one thread.
class ArrayReader {
 public:
  ArrayReader() = default;
  ArrayReader(const ArrayReader&) = delete;
  ArrayReader& operator=(const ArrayReader&) = delete;
  virtual ~ArrayReader() = default;

  virtual const StoredArray& info() const = 0;
  /// The block that `row` is in, kept until a row of another one is asked for: who asks for rising rows reads each
  /// block once. @throws Error(bad_data) for damaged data
  virtual const ArrayBlock& block(std::int64_t row) = 0;
};

}  // namespace shoal
