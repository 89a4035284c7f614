#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shoal {

class Split;

/// Fewer columns tell no scale: some rows may well hold small numbers alone.
inline constexpr std::size_t few_columns = 8;

/// How large some numbers are, and what else tells their scale.
struct ValueScale {
  std::int64_t rows = 0;         ///< that were looked at
  std::vector<double> typical;   ///< of each column: |mean| + deviation; 0 where it holds no number
  std::vector<double> greatest;  ///< of each column: the greatest |x|
  bool whole = true;             ///< all numbers are
  double least = 0.0;            ///< of all numbers
  double most = 0.0;
  double beyond_one = 0.0;  ///< share of |x| > 1.25: what was 0 to 1 and is resized reaches 1.1 or so
  double below_zero = 0.0;  ///< share of x < 0

  /// Fractions of 0 to 1, or of -1 to 1, but for 1 in 100.
  bool are_shares() const { return !whole && beyond_one <= 0.01; }
};

/// Values of up to 256 rows (and 2^20 numbers) that are spread over a split, row after row.
std::vector<double> some_values(const Split& split);
/// @param values   whole rows of `width`; NaN is no number
/// @param columns  which of a row count
ValueScale scale_of(std::span<const double> values, std::size_t width, std::span<const std::size_t> columns);

/// Numbers that are far smaller than others in at least 8 columns and half of all: means of both over the columns.
struct SmallerScale {
  double size = 0.0;
  double other = 0.0;
  std::size_t columns = 0;
};
/// Of all columns together 50 times, or, of shares, 8 times where the others are above 2. Columns that hold 0 alone
/// tell nothing, and neither do fewer than 16 rows that are no shares.
/// @param sizes, others  of each column: typical, or greatest, of both
std::optional<SmallerScale> smaller_scale(const ValueScale& scale, std::span<const double> sizes,
                                          std::span<const double> others);

/// What to say where the numbers of one of two splits of a data set are plainly on a smaller scale; else empty, also
/// for two parts of one split.
std::string note_on_scales(const Split& train, const Split& other);

}  // namespace shoal
