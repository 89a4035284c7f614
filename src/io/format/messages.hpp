#pragma once

// What describes an array or an attribute: the bodies of header messages.

#include <cstdint>
#include <optional>
#include <vector>

#include "io/format/source.hpp"
#include "shoal/io/element_type.hpp"

namespace shoal::h5 {

/// {} is a scalar; "no value" is {0}, an array without elements. @throws Failure
std::vector<std::int64_t> read_shape(Fields body);

struct Type {
  enum class Kind { number, text, variable_text, big_endian, other };
  Kind kind = Kind::other;
  std::optional<ElementType> element;  ///< of a number
  std::uint32_t bytes = 0;             ///< of one element
  bool padded_with_spaces = false;     ///< a text
};

/// Types that shoal does not read are `other`. @throws Failure
Type read_type(Fields body);

/// Where an array that is contiguous lies.
struct Storage {
  std::uint64_t address;
  std::uint64_t bytes;
};

/// @throws Foreign when it is chunked, compact or virtual, Failure
Storage read_layout(Fields body);

}  // namespace shoal::h5
