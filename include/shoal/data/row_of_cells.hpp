#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shoal/data/columns.hpp"

namespace shoal {

/// What single cells of a table are in x, by the rules by which its file was read: of a missing cell NaN, of a date
/// seconds, of a category its number in the table, or how many there are for another. Takes no memory where all is
/// well; may be used by many threads at once.
class CellReader {
 public:
  explicit CellReader(TableDescription table);

  const TableDescription& table() const;
  /// A cell of column d as it stands in a file. @throws Error(bad_data)  no number or date where one is looked for
  double of_text(std::size_t d, std::string_view text) const;
  /// A number, or seconds of a date. @throws Error(bad_data)  for a column of categories, which has texts
  double of_number(std::size_t d, double value) const;
  /// The same; of a column of categories the one of these digits, else the only one of this value, such as "00123" of
  /// 123. @throws Error(bad_data)  there are several such, or no category is a whole number
  double of_whole_number(std::size_t d, long long value) const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// What stands for a missing number among those of columns without marks: of `missing` what is a number.
std::vector<double> missing_numbers(const TableDescription& table);

/// A row of x from texts.
/// @param cells  by name of the column; those that the table does not have are left out
/// @throws Error(bad_data)  for a column that is not there, or a text where a number or date is looked for
std::vector<double> row_of_cells(const CellReader& reader, const std::map<std::string, std::string>& cells);

}  // namespace shoal
