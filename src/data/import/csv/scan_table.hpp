#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "data/import/table.hpp"
#include "verdict.hpp"

namespace shoal {

/// What all tables of one scan share.
struct ScanParts {
  std::shared_ptr<const CsvScan> scan;
  std::vector<CsvColumn> columns;
  CsvVerdict verdict;
};

/// The type of x that keeps all values.
ElementType x_type(const CsvScan& scan);

/// Rows [first, last) of a scan, without those that have no label.
/// @param shape  of a row of x
Table table_of_scan(const ScanParts& parts, std::int64_t first, std::int64_t last, std::vector<std::int64_t> shape,
                    ElementType type);

/// Names and types of what table_of_scan() has.
TableDescription description_of(const ScanParts& parts, const std::vector<std::string>& missing, char decimal,
                                DateOrder date_order);

}  // namespace shoal
