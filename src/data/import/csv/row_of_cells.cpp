#include "shoal/data/row_of_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "../csv_reader.hpp"
#include "data/import/cells/cell_kind.hpp"
#include "shoal/core/error.hpp"

namespace shoal {

std::vector<double> row_of_cells(const TableDescription& table, const std::map<std::string, std::string>& cells) {
  constexpr double missing = std::numeric_limits<double>::quiet_NaN();
  const CellRules rules('.', table.missing);
  std::vector<double> row;
  for (const FeatureColumn& column : table.features) {
    const auto found = cells.find(column.name);
    if (found == cells.end())
      throw Error(ExitStatus::bad_data,
                  fmt::format("no cell of column \"{}\"; give an empty one where nothing is known", column.name));
    const std::string_view text = trimmed(found->second);
    if (column.has_categories()) {
      const auto at = std::find(column.categories.begin(), column.categories.end(), text);
      row.push_back(text.empty() ? missing : static_cast<double>(at - column.categories.begin()));
      continue;
    }
    CsvNumber number;
    const CellKind kind = rules.kind(text, number);
    const CellKind wanted = column.type == ColumnType::date ? CellKind::date : CellKind::number;
    if (kind != wanted && kind != CellKind::missing)
      throw Error(ExitStatus::bad_data,
                  fmt::format("column \"{}\" is \"{}\", no {}", column.name, text, column_type_name(column.type)));
    row.push_back(kind == CellKind::missing ? missing : number.value);
  }
  return row;
}

}  // namespace shoal
