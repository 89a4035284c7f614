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
  std::vector<double> mean;      ///< of each column; 0 where it holds no number
  std::vector<double> deviation;
  bool whole = true;   ///< all numbers are
  double least = 0.0;  ///< of all numbers
  double most = 0.0;
  double beyond_one = 0.0;        ///< share of |x| > 1.25: what was 0 to 1 and is resized reaches 1.1 or so
  double below_zero = 0.0;        ///< share of x < 0
  double far_beyond_bytes = 0.0;  ///< share of x > 319

  /// Fractions of 0 to 1, or of -1 to 1, but for 1 in 100.
  bool are_shares() const { return !whole && beyond_one <= 0.01; }
  /// All numbers may be bytes.
  bool within_bytes() const { return least >= 0.0 && most <= 255.0; }
  /// More than mistakes, and than the overshoot of an image that was resized.
  bool plainly_no_bytes() const { return (below_zero >= 0.05 && least <= -64.0) || far_beyond_bytes >= 0.05; }
  bool could_be_bytes() const { return whole && within_bytes() && most > 127.0; }
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

/// Numbers that lie to one side of others, as bytes of -128 to 127 do beside those of 0 to 255.
struct ShiftedScale {
  double by = 0.0;  ///< mean of the columns that are shifted
  std::size_t columns = 0;
};
/// By more than 1.5 deviations of the others, in half of the columns and in 8 at least, all to the same side, for some
/// columns differ by chance or for what a row is of. Fewer than 16 rows tell nothing.
/// @param means, deviations  of the others, for each column
std::optional<ShiftedScale> shifted_scale(const ValueScale& scale, std::span<const double> means,
                                          std::span<const double> deviations);

/// What to say where the numbers of two splits of as many features are plainly on two scales; else empty, also for two
/// parts of one split.
/// @param train_file  named where it is another file than that of `other`
std::string note_on_scales(const Split& train, const Split& other, const std::string& train_file = "");

}  // namespace shoal
