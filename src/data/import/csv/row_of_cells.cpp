#include "shoal/data/row_of_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "../csv_reader.hpp"
#include "data/import/cells/cell_kind.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

struct CellReader::State {
  TableDescription table;
  CellRules rules;

  explicit State(TableDescription of)
      : table(std::move(of)), rules(table.decimal == 0 ? '.' : table.decimal, table.missing) {}
};

CellReader::CellReader(TableDescription table) : state_(std::make_shared<const State>(std::move(table))) {}

const TableDescription& CellReader::table() const { return state_->table; }

double CellReader::of_text(std::size_t d, std::string_view text) const {
  const FeatureColumn& column = state_->table.features[d];
  text = trimmed(text);
  if (column.has_categories()) {
    if (text.empty()) return missing;
    const auto& known = column.categories;
    const auto at = std::lower_bound(known.begin(), known.end(), text);
    return static_cast<double>(at != known.end() && *at == text ? at - known.begin() : std::ssize(known));
  }
  CsvNumber number;
  const CellKind kind = state_->rules.kind(text, column.marks, number);
  if (kind == CellKind::missing) return missing;
  if (kind == (column.type == ColumnType::date ? CellKind::date : CellKind::number)) return number.value;
  throw Error(ExitStatus::bad_data,
              fmt::format("column \"{}\" is \"{}\", no {}", column.name, shown(text), column_type_name(column.type)));
}

double CellReader::of_number(std::size_t d, double value) const {
  const FeatureColumn& column = state_->table.features[d];
  if (column.has_categories())
    throw Error(ExitStatus::bad_data,
                fmt::format("column \"{}\" is a {}; give texts, or whole numbers if its texts are such", column.name,
                            column_type_name(column.type)));
  return !column.marks.any() && state_->rules.is_missing(value) ? missing : value;
}

double CellReader::of_whole_number(std::size_t d, long long value) const {
  if (!state_->table.features[d].has_categories()) return of_number(d, static_cast<double>(value));
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return of_text(d, {digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
}

std::vector<double> missing_numbers(const TableDescription& table) {
  std::vector<double> numbers;
  for (const std::string& spelling : table.missing) {
    if (const auto number = number_of_cell(spelling, table.decimal == 0 ? '.' : table.decimal))
      numbers.push_back(number->value);
  }
  return numbers;
}

std::vector<double> row_of_cells(const CellReader& reader, const std::map<std::string, std::string>& cells) {
  const TableDescription& table = reader.table();
  std::vector<double> row;
  for (std::size_t d = 0; d < table.features.size(); ++d) {
    const std::string& name = table.features[d].name;
    const auto found = cells.find(name);
    if (found == cells.end())
      throw Error(ExitStatus::bad_data,
                  fmt::format("no cell of column \"{}\"; give an empty one where nothing is known", name));
    row.push_back(reader.of_text(d, found->second));
  }
  return row;
}

}  // namespace shoal
