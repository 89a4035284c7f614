#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "row_set.hpp"

namespace shoal {

/// Rows of which some are set apart, all of a unit or none of it.
struct Drawing {
  std::int64_t rows = 0;
  RowValues classes = {};  ///< null: all are alike
  RowValues groups = {};   ///< any numbers; null: each row is a unit of its own
};

/// What was drawn, and how many classes that have rows gave none.
struct Drawn {
  RowSet rows;
  std::int64_t classes = 0;
  std::int64_t absent = 0;
};

/// Draws `count` of the rows, 0 < count < rows: from each class its share by largest remainder, but never its last row
/// where others can give one instead; in a class the units with the smallest random keys, ties by unit. A group whose
/// rows are of several classes counts as a class of such groups. Without groups and classes these are the rows of
/// hold_out_count(). With groups as many rows as bring the sum nearest to the count, unit by unit. What is kept in
/// memory grows with the classes and groups; of a row it is a bit.
Drawn draw_rows(const Drawing& from, std::int64_t count, std::uint64_t seed, std::uint32_t lane);

/// How many rows each of some strata gives: `count` altogether, which is below the sum of `sizes`.
/// @param first_keys  decide between equal remainders, the smaller first
std::vector<std::int64_t> shares(std::span<const std::int64_t> sizes, std::span<const std::uint64_t> first_keys,
                                 std::int64_t count);

}  // namespace shoal
