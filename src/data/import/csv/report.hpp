#pragma once

#include <string>
#include <vector>

#include "opening.hpp"
#include "scan_table.hpp"
#include "shoal/data/import.hpp"

namespace shoal {

/// What was understood of each column.
std::vector<DatasetSummary::FileColumn> file_columns(const ScanParts& parts);

/// The same as TOML that csv_choices() takes.
std::string columns_text(const std::vector<DatasetSummary::FileColumn>& columns, const CsvOpened& opened,
                         const std::vector<std::string>& missing, DateOrder date_order);

}  // namespace shoal
