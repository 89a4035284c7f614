#pragma once

#include <map>
#include <string>
#include <vector>

#include "shoal/data/columns.hpp"

namespace shoal {

/// A row of x from texts, by the rules by which files are read: of a missing cell NaN, of a date seconds, of a category
/// its number in the table, or how many there are for another.
/// @param cells  by name of the column; those that the table does not have are left out
/// @throws Error(bad_data)  for a column that is not there, or a text where a number or date is looked for
std::vector<double> row_of_cells(const TableDescription& table, const std::map<std::string, std::string>& cells);

}  // namespace shoal
