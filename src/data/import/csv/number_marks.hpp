#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sample.hpp"
#include "shoal/data/columns.hpp"

namespace shoal {

/// What stands around and between the digits of a number: a sign of a currency, "%", marks that part thousands. Nothing
/// for a cell that is no number even without them.
std::optional<NumberMarks> marks_of(std::string_view cell, char decimal);

/// Those of two cells of one column, a number of which may be too small to have thousands; nothing where signs differ.
std::optional<NumberMarks> marks_of_both(const NumberMarks& a, const NumberMarks& b);

/// Those of a column, if all cells of its first rows are numbers and some have marks.
std::optional<NumberMarks> marks_of_column(const std::vector<CsvCells>& rows, std::size_t column,
                                           const CellRules& rules);

/// "$1,000", an example with such marks.
std::string marks_text(const NumberMarks& marks, char decimal);

}  // namespace shoal
