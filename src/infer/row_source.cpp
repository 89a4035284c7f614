#include "infer/row_source.hpp"

#include <fmt/format.h>

#include <limits>
#include <string_view>

#include "shoal/core/error.hpp"

namespace shoal {
namespace {

template <class T>
const T& value_at(const NamedColumn& column, std::int64_t row) {
  return static_cast<const T*>(column.data)[row * column.stride];
}

double cell(const CellReader& cells, std::size_t d, const NamedColumn& column, std::int64_t row) {
  switch (column.kind) {
    case NamedColumn::Kind::float32: return cells.of_number(d, static_cast<double>(value_at<float>(column, row)));
    case NamedColumn::Kind::float64: return cells.of_number(d, value_at<double>(column, row));
    case NamedColumn::Kind::int32: return cells.of_whole_number(d, value_at<std::int32_t>(column, row));
    case NamedColumn::Kind::int64: return cells.of_whole_number(d, value_at<std::int64_t>(column, row));
    case NamedColumn::Kind::text: {
      const char* text = value_at<const char*>(column, row);
      return cells.of_text(d, text == nullptr ? std::string_view() : text);
    }
    case NamedColumn::Kind::string: return cells.of_text(d, value_at<std::string>(column, row));
  }
  throw Error(ExitStatus::usage, fmt::format("column \"{}\" is of the unknown kind {}", column.name,
                                             static_cast<std::int32_t>(column.kind)));
}

}  // namespace

ColumnRows::ColumnRows(const CellReader& cells, std::int64_t rows, const NamedColumns& columns,
                       std::span<NamedColumn> found)
    : cells_(cells), found_(found) {
  const std::vector<FeatureColumn>& wanted = cells.table().features;
  for (std::size_t d = 0; d < wanted.size(); ++d) {
    const std::string& name = wanted[d].name;
    std::size_t times = 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const NamedColumn column = columns[i];
      if (column.name != name) continue;
      found[d] = column;
      ++times;
    }
    if (times == 0)
      throw Error(ExitStatus::bad_data, fmt::format("there is no column \"{}\"; give an empty text or NaN in each row "
                                                    "where nothing is known",
                                                    name));
    if (times > 1) throw Error(ExitStatus::bad_data, fmt::format("column \"{}\" is given {} times", name, times));
    if (found[d].data == nullptr && rows > 0)
      throw Error(ExitStatus::usage, fmt::format("column \"{}\" has no values", name));
  }
}

void ColumnRows::row(std::int64_t r, std::span<double> values) const try {
  for (std::size_t d = 0; d < values.size(); ++d) values[d] = cell(cells_, d, found_[d], r);
} catch (const Error& e) {
  throw Error(e.status(), fmt::format("row {}, {}", r, e.what()));
}

}  // namespace shoal
