#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/core/hash.hpp"
#include "shoal/io/element_type.hpp"

namespace shoal {

/// The digest that tells one data set from another: over the splits in the order of their names, x before y, the
/// weight and the group, the array's path, element type and shape, then its bytes as they are in the file; at last what
/// the columns of a table are. Part of the format.
class ContentHash {
 public:
  void begin_array(const std::string& path, ElementType type, const std::vector<std::int64_t>& shape) {
    add_text(path);
    add_text(element_name(type));
    hash_.add(static_cast<std::uint64_t>(shape.size()));
    for (const std::int64_t extent : shape) hash_.add(static_cast<std::uint64_t>(extent));
  }
  void add(std::span<const std::byte> bytes) { hash_.add(bytes); }
  void add_text(std::string_view text) { hash_.add(static_cast<std::uint64_t>(text.size())).add(text); }
  std::string hex() const { return hash_.hex(); }

 private:
  Hash hash_;
};

}  // namespace shoal
