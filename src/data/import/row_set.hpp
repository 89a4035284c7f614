#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace shoal {

/// Some of the rows of a table, a bit for each row that it has.
class RowSet {
 public:
  enum class Of : std::uint8_t { none, all };
  explicit RowSet(std::int64_t rows, Of which = Of::none);

  std::int64_t rows() const { return rows_; }    ///< of the table
  std::int64_t count() const { return count_; }  ///< of the set
  bool contains(std::int64_t row) const;
  void insert(std::int64_t row);
  void erase(const RowSet& others);
  /// The first behind `row`, where -1 stands for the place before all; rows() where there is none.
  std::int64_t after(std::int64_t row) const;

 private:
  std::int64_t rows_ = 0;
  std::int64_t count_ = 0;
  std::vector<std::uint64_t> words_;
};

/// The rows of a set by their places in it.
class RankedRows {
 public:
  explicit RankedRows(RowSet rows);

  std::int64_t count() const { return rows_.count(); }
  std::int64_t at(std::int64_t place) const;  ///< place < count()
  std::int64_t after(std::int64_t row) const { return rows_.after(row); }

 private:
  RowSet rows_;
  std::vector<std::int64_t> before_;  // how many there are before each of some equal stretches
};

/// The values of some rows in their order: each call begins with the first anew, and what it returns gives the next
/// one's with each call.
using RowValues = std::function<std::function<std::int64_t()>()>;

}  // namespace shoal
