#pragma once

#include <string>

#include "shoal/data/import.hpp"

namespace shoal {

/// What an importer understood: its notes, and a line a column. Of many columns those that are no feature, and the
/// first features; the rest is counted by type.
std::string columns_told(const DatasetSummary& summary);

}  // namespace shoal
