#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "block_reader.hpp"
#include "data/import/cells/cell_kind.hpp"

namespace shoal {

using CsvCells = std::vector<std::string>;

/// The first rows of a file, as far as they are sound: what is wrong is told by the scan.
std::vector<CsvCells> sample_rows(std::string_view text, const CsvFormat& format, char row_end, std::size_t most_rows);

/// A guess, and why it was made.
struct CsvGuess {
  char mark = ',';
  std::string why;
};
/// What is between cells: the delimiter by which all of the first rows have as many cells, and of several the one by
/// which most cells are numbers.
CsvGuess guess_delimiter(std::string_view text, char row_end);
/// A comma where numbers have one and none has a point. @throws Error(bad_data)  where it may as well part thousands
CsvGuess guess_decimal(const std::vector<CsvCells>& rows, char delimiter, const std::string& file);

struct CsvDates {
  DateOrder order = DateOrder::none;
  std::string why = {};
};
/// Of dates whose year comes last, by those of `columns` that hold nothing else: which number is above 12.
/// @throws Error(bad_data)  where these could be either
CsvDates guess_date_order(const std::vector<CsvCells>& rows, std::span<const std::size_t> columns,
                          const CellRules& rules, const std::string& file);

struct CsvHeader {
  bool header = false;
  std::string why;
};
/// Whether the first row names the columns, by what stands below it. A column in `unsure` has no say.
/// @throws Error(bad_data)  where that cannot be told, with both readings
CsvHeader guess_header(const std::vector<CsvCells>& rows, const CellRules& rules, std::optional<std::size_t> unsure,
                       const std::string& file);

/// Those of a column, if all cells of its first rows are numbers and some have marks.
std::optional<NumberMarks> marks_of_column(const std::vector<CsvCells>& rows, std::size_t column,
                                           const CellRules& rules);

/// "comma", "tab", ...
std::string mark_name(char mark);

}  // namespace shoal
