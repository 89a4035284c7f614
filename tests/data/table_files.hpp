#pragma once

#include <limits>
#include <string>
#include <vector>

#include "data_files.hpp"
#include "shoal/io/names.hpp"

namespace shoal {

inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();  ///< a cell without a value

/// Writes a data set that was made from a table: x float64 row-major, labels 0 and 1 by turns.
inline std::string write_table(const std::string& path, const std::vector<FeatureColumn>& columns,
                               const std::vector<double>& train, const std::vector<double>& test = {}) {
  H5Writer writer(path);
  const auto width = static_cast<std::int64_t>(columns.size());
  const auto add = [&](const std::string& split, const std::vector<double>& x) {
    const auto rows = static_cast<std::int64_t>(x.size()) / width;
    std::vector<std::uint8_t> y;
    for (std::int64_t r = 0; r < rows; ++r) y.push_back(static_cast<std::uint8_t>(r % 2));
    put(writer, split + "/x", {rows, width}, x);
    put(writer, split + "/y", {rows}, y);
  };
  add("train", train);
  if (!test.empty()) add("test", test);
  TableDescription table;
  table.features = columns;
  table.labels = {"label"};
  writer.set_attribute("classes", std::int64_t{2});
  write_names(writer, "columns", table.names());
  write_names(writer, "table", {table_text(table)});
  writer.finish();
  return path;
}

inline FeatureColumn number_column(const std::string& name) { return {name, ColumnType::number, {}}; }
inline FeatureColumn category_column(const std::string& name, const std::vector<std::string>& categories) {
  return {name, ColumnType::category, categories};
}

}  // namespace shoal
