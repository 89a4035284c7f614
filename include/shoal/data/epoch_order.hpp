#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shoal {

class Split;

/// Rows of one shuffle block when the config is silent: 1 where the whole split is at most 64 MiB, or at most 1 GiB of
/// 2^24 rows, which memory holds with their order; else the power of two that makes a block at most 256 KiB, and never
/// so many that there are fewer than 64 blocks. Part of the format: the order of every epoch depends on it.
std::int64_t default_shuffle_block(std::int64_t rows, std::int64_t row_bytes);

/// A line for people where rows of one block have labels or targets much more alike than rows of different blocks, as
/// in a file that is sorted by them: its batches are not mixed. Looks at some of the blocks. Empty where all is well,
/// or where a block is one row.
/// @param block  as given to EpochOrder
std::string note_on_blocks(const Split& split, std::int64_t block);

/// In which order an epoch visits the rows of a split: a permutation of [0, rows) that is a pure function of the
/// constructor's arguments, whoever asks for which positions.
///
/// Rows are cut into blocks of `block` rows (the last may be short). The blocks are permuted, which spreads the file
/// over the epoch; then positions are cut into windows of 16 blocks' rows and permuted inside each window, which mixes
/// neighbours while reads stay near one another. With blocks of one row the first step is a full permutation already,
/// and the second is left out. Both are Fisher-Yates shuffles by counter.
///
/// Memory: O(rows / block + 16 block). Not for use by several threads at once: the last window is kept.
class EpochOrder {
 public:
  /// @param epoch      counted from 1, as in the logs; any number will do
  /// @param block      rows of a block; 0 takes default_shuffle_block(rows, row_bytes)
  /// @param row_bytes  bytes of x of one row in the file; used for the default alone
  EpochOrder(std::uint64_t seed, std::uint64_t epoch, std::int64_t rows, std::int64_t block, std::int64_t row_bytes);

  std::int64_t rows() const { return rows_; }
  std::int64_t block() const { return block_; }

  /// The rows at positions [first, first + out.size()) of the epoch; they must lie in [0, rows()).
  void rows(std::int64_t first, std::span<std::int64_t> out) const;

 private:
  std::int64_t row_in_block_order(std::int64_t position) const;
  void load_window(std::int64_t window) const;

  std::uint64_t seed_;
  std::uint64_t epoch_;
  std::int64_t rows_;
  std::int64_t block_;
  std::vector<std::int64_t> blocks_;  // the block that lies in each place
  std::int64_t short_start_ = 0;      // first position of the short block, or rows_ where there is none
  std::int64_t short_rows_ = 0;
  mutable std::int64_t window_ = -1;  // which window window_rows_ holds
  mutable std::vector<std::int64_t> window_rows_;
};

/// round(fraction * rows), halves up.
std::int64_t fraction_count(std::int64_t rows, double fraction);

/// Which rows are set apart (for tests or validation): the `count` rows with the smallest random keys, ties by row, in
/// rising order. A function of the arguments alone; another lane draws independently. Lane 0 is for runs; importers,
/// with the same default seed, use others.
std::vector<std::int64_t> hold_out_count(std::uint64_t seed, std::int64_t rows, std::int64_t count,
                                         std::uint32_t lane = 0);
/// The same for fraction_count(rows, fraction) rows.
std::vector<std::int64_t> hold_out(std::uint64_t seed, std::int64_t rows, double fraction, std::uint32_t lane = 0);

}  // namespace shoal
