#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "data/contents.hpp"

namespace shoal {

/// What a Split is made of: one split of the file, or several, one behind the other.
struct Split::Parts {
  struct Part {
    const Contents::Arrays* arrays;
    std::int64_t first_row;
    std::int64_t first_byte;  ///< of what Split::read_stored() reads
  };

  /// @throws Error(bad_data)  as Dataset::joined()
  Parts(const Contents& contents, const std::vector<std::string>& names);

  bool several() const { return all.size() > 1; }
  /// What all of them have alike, such as the type of x, is told by any.
  const Contents::Arrays& front() const { return *all.front().arrays; }
  const Part& part_of(std::int64_t row) const {
    return *std::prev(std::ranges::upper_bound(all, row, {}, &Part::first_row));
  }
  std::int64_t end_row(const Part& part) const { return part.first_row + part.arrays->x.rows(); }

  std::string name;
  std::vector<Part> all;
  std::int64_t rows = 0;
  std::int64_t stored_bytes = 0;
};

}  // namespace shoal
