#pragma once

#include <string>

#include "shoal/data/dataset.hpp"
#include "shoal/data/import.hpp"

namespace shoal {

/// What an importer understood: its notes, and a line a column. Of many columns those that are no feature, and the
/// first features; the rest is counted by type.
std::string columns_told(const DatasetSummary& summary);

/// Of a data set that was made of no table: its classes with their rows, or between which numbers targets lie, over
/// all splits. Empty without y.
std::string y_told(const Dataset& data);

}  // namespace shoal
