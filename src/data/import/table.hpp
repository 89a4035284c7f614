#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "row_set.hpp"
#include "shoal/data/columns.hpp"
#include "shoal/data/import.hpp"
#include "shoal/io/element_type.hpp"

namespace shoal {

/// One array of a data set to be: `copy(row, out)` gives the bytes of any row. Where that is work, copy_rows gives
/// those of several, which rise.
struct Column {
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;  ///< of one row
  std::function<void(std::int64_t row, std::byte* out)> copy = {};
  std::function<void(std::span<const std::int64_t> rows, std::span<std::byte> out)> copy_rows = {};
  bool slow = false;  ///< copy_rows is given many rows, enough for all threads, and those before are written meanwhile
  bool concurrent = false;  ///< several threads may call copy_rows at a time

  std::size_t row_bytes() const;
  /// Bytes of some rows, which rise, one after the other.
  void rows_into(std::span<const std::int64_t> rows, std::span<std::byte> out) const;
};

/// A split that a file itself names for a row.
enum class OwnSplit : std::uint8_t { train, validation, test };

/// What an importer read from its files.
struct Table {
  std::int64_t rows = 0;
  Column x;
  std::optional<Column> y;
  std::optional<Column> weight = {};     ///< (), float64
  std::vector<Column> ids = {};          ///< uint8 texts of one length, filled up with bytes 0
  std::optional<Column> group = {};      ///< (), int64, any numbers: rows of a group go together
  std::optional<Column> own_split = {};  ///< (), uint8, OwnSplit; else by SplitOptions
};

/// What is said of all splits together.
struct TableNotes {
  std::vector<std::string> class_names;
  std::vector<std::string> columns;  ///< names of the features, where they have any
  std::string source;
  std::optional<TableDescription> table = {};         ///< then `columns` are its names
  std::optional<TableDescription> file_columns = {};  ///< of a set without a table: see Dataset::file_columns()
  std::vector<std::string> ids = {};                  ///< of Table::ids, where no description of columns names them
  std::string understood = {};                        ///< what was found out about the file, and why; for people
  std::string like = {};  ///< data set that this one is made like, beside which its numbers are looked at; empty: none
};

/// Some rows of a table that become a split.
struct PlannedSplit {
  std::string name;
  const Table* table = nullptr;
  RowSet rows;
};

/// A column over rows that lie in memory.
template <class T>
Column column_of(std::vector<T> values, std::vector<std::int64_t> shape);

/// The whole numbers of a column of shape (), of some rows: it reads some at a time. Both outlive what is returned.
RowValues numbers_of(const Column& column, const RowSet& rows);

/// Writes the data set. Holds some megabytes at a time.
DatasetSummary write_splits(std::vector<PlannedSplit> splits, const TableNotes& notes, const std::string& out);

template <class T>
Column column_of(std::vector<T> values, std::vector<std::int64_t> shape) {
  std::size_t width = 1;
  for (const std::int64_t extent : shape) width *= static_cast<std::size_t>(extent);
  auto held = std::make_shared<const std::vector<T>>(std::move(values));
  const auto copy = [held, width](std::int64_t row, std::byte* out) {
    const auto bytes = std::as_bytes(std::span(*held).subspan(static_cast<std::size_t>(row) * width, width));
    std::copy(bytes.begin(), bytes.end(), out);
  };
  return {element_type_of<T>(), std::move(shape), copy};
}

}  // namespace shoal
