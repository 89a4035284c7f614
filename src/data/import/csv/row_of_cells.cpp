#include "shoal/data/row_of_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "../csv_reader.hpp"
#include "data/import/cells/cell_kind.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// Categories that are whole numbers, such as 7 and 007, by their value.
auto whole_categories(const std::vector<std::string>& categories) {
  std::vector<std::pair<long long, std::size_t>> whole;
  for (std::size_t k = 0; k < categories.size(); ++k) {
    long long value = 0;
    const char* const end = categories[k].data() + categories[k].size();
    const auto parsed = std::from_chars(categories[k].data(), end, value);
    if (parsed.ec == std::errc() && parsed.ptr == end) whole.emplace_back(value, k);
  }
  std::ranges::sort(whole);
  return whole;
}

}  // namespace

struct CellReader::State {
  TableDescription table;
  CellRules rules;
  std::vector<std::vector<std::pair<long long, std::size_t>>> whole;  // of each column: values and their categories

  explicit State(TableDescription of)
      : table(std::move(of)), rules(table.decimal == 0 ? '.' : table.decimal, table.missing, table.date_order) {
    for (const FeatureColumn& column : table.features) whole.push_back(whole_categories(column.categories));
  }
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
  const FeatureColumn& column = state_->table.features[d];
  if (!column.has_categories()) return of_number(d, static_cast<double>(value));
  const auto& whole = state_->whole[d];
  if (whole.empty())
    throw Error(ExitStatus::bad_data,
                fmt::format("column \"{}\" is {}, and none of its categories is a whole number; give texts",
                            column.name, value));
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  const double of_digits = of_text(d, {digits.data(), static_cast<std::size_t>(end.ptr - digits.data())});
  constexpr auto number = &std::pair<long long, std::size_t>::first;
  const auto first = std::ranges::lower_bound(whole, value, {}, number);
  const auto last = std::ranges::upper_bound(whole, value, {}, number);
  if (first == last || of_digits < static_cast<double>(column.categories.size())) return of_digits;
  if (last - first > 1)
    throw Error(ExitStatus::bad_data,
                fmt::format("column \"{}\" is {}, which could be \"{}\" or \"{}\"; give texts", column.name, value,
                            shown(column.categories[first[0].second]), shown(column.categories[first[1].second])));
  return static_cast<double>(first->second);
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
