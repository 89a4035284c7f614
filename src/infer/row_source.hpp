#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "shoal/data/row_of_cells.hpp"
#include "shoal/infer/predictor.hpp"

namespace shoal {

/// Where rows to predict come from: writes row r, before any encoding, into `values`. @throws Error(bad_data)
class RowSource {
 public:
  virtual ~RowSource() = default;
  virtual void row(std::int64_t r, std::span<double> values) const = 0;
};

template <class T>
class NumberRows final : public RowSource {
 public:
  explicit NumberRows(RowsView<const T> x) : x_(x) {}
  void row(std::int64_t r, std::span<double> values) const override {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<double>(x_.at(r, static_cast<std::int64_t>(i)));
  }

 private:
  RowsView<const T> x_;
};

/// Rows by the names of columns.
class ColumnRows final : public RowSource {
 public:
  /// @param found  memory for the features of the table
  /// @throws Error(bad_data)  a column is not there, or there twice, or has no values
  ColumnRows(const CellReader& cells, std::int64_t rows, const NamedColumns& columns, std::span<NamedColumn> found);
  void row(std::int64_t r, std::span<double> values) const override;

 private:
  const CellReader& cells_;
  std::span<const NamedColumn> found_;
};

}  // namespace shoal
