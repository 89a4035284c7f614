#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/data/dataset.hpp"
#include "shoal/data/encoding.hpp"

namespace shoal {

/// Finds out what the columns of a table hold in the rows to train on: which categories occur, whether cells are
/// missing, and the exact median of numbers, whoever holds which rows. It goes by rounds: in each every rank counts
/// over its own rows, and the sums over all ranks are taken, which are exact. Medians are found by eight bits of their
/// pattern a round, so that a round takes at most 512 counts a number, whatever the rows.
///   while (study.width() > 0) { study.count(mine); <add up over ranks>; study.take(sums); }
class ColumnStudy {
 public:
  /// Of a split with a table. This rank counts rows [first, last), which it keeps in memory if they are few.
  ColumnStudy(const Split& train, std::int64_t first, std::int64_t last);

  /// Counts of this round; 0 when all is known.
  std::size_t width() const;
  /// counts: (width), overwritten. @throws Error(bad_data)  for a value that is no code of its category, or not finite
  void count(std::span<double> counts);
  void take(std::span<const double> sums);

  /// When all is known. Widths are 0.
  const std::vector<ColumnEncoding>& columns() const { return columns_; }
  /// Names of columns that hold one value alone, and of those that hold none.
  std::vector<std::string> constant() const;
  std::vector<std::string> empty() const;

 private:
  /// The k-th value of a column, as far as it is known.
  struct Selection {
    std::uint64_t pattern = 0;  ///< the bits that are known
    double rank = 0.0;          ///< of those with that pattern, from 0
  };
  struct Median {
    Selection low, high;  ///< the middle one, or the two around the middle
    bool constant = true;
  };

  template <class F>
  void each_block(const F& f);
  void count_kinds(std::span<const double> values, std::span<double> counts) const;
  void count_digits(std::span<const double> values, std::span<double> counts) const;
  void take_kinds(std::span<const double> sums);
  void take_digits(std::span<const double> sums);
  bool is_number(std::size_t d) const { return !columns_[d].column.has_categories() && !columns_[d].absent; }
  std::uint64_t pattern_of(double value) const;
  double value_of(std::uint64_t pattern) const;

  Split train_;
  std::int64_t first_;
  std::int64_t last_;
  std::vector<ColumnEncoding> columns_;
  std::vector<std::size_t> begin_;  // of each column's counts in the first round
  std::vector<Median> medians_;
  std::vector<std::size_t> numbers_;  // columns whose medians are sought
  bool kinds_known_ = false;
  int bits_;                  // of a pattern
  int bits_left_;             // not known yet
  std::vector<double> kept_;  // the rows, if they are few
};

}  // namespace shoal
