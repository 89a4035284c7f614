#pragma once

#include <string>
#include <vector>

#include "opening.hpp"
#include "roles.hpp"
#include "scan.hpp"

namespace shoal {

/// Lines for people on columns that nobody declared and that are taken as they look, where something else may be meant.
/// @param kept  by column; the others are left out
std::vector<std::string> column_notes(const std::vector<CsvColumn>& columns, const std::vector<bool>& kept,
                                      const CsvFiles& files, const CsvOpened& opened, const CsvScan& scan);

}  // namespace shoal
