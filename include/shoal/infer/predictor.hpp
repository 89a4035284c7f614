#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "shoal/infer/reporter.hpp"

namespace shoal {

/// Numbers in rows that lie anywhere: element (r, c) at data[r * row_stride + c * column_stride].
template <class T>
struct RowsView {
  T* data = nullptr;
  std::int64_t row_stride = 0;
  std::int64_t column_stride = 1;

  T& at(std::int64_t row, std::int64_t column) const { return data[row * row_stride + column * column_stride]; }
};

/// A matrix in memory as Eigen has them: Eigen::Ref, Map, a block or the matrix itself, row-major or not. No header of
/// Eigen is needed here.
template <class M>
concept DenseMatrix = requires(M& matrix) {
  { *matrix.data() } -> std::convertible_to<double>;
  { matrix.rows() } -> std::convertible_to<std::int64_t>;
  { matrix.cols() } -> std::convertible_to<std::int64_t>;
  { matrix.rowStride() } -> std::convertible_to<std::int64_t>;
  { matrix.colStride() } -> std::convertible_to<std::int64_t>;
};

/// A column of rows as the caller has them, called as in the file that a model was trained on. Texts are what cells of
/// that file are; whole numbers do for categories whose texts are such (123 for "123", or "00123" where it is the only
/// one of this value); NaN and an empty text are gaps. A text or number that training did not see counts as unseen.
class NamedColumn {
 public:
  enum class Kind : std::int32_t { float32 = 1, float64 = 2, int32 = 3, int64 = 4, text = 5, string = 6 };

  /// @param stride  elements from one row to the next
  NamedColumn(std::string_view column, const float* data, std::int64_t stride = 1)
      : NamedColumn(column, Kind::float32, data, stride) {}
  NamedColumn(std::string_view column, const double* data, std::int64_t stride = 1)
      : NamedColumn(column, Kind::float64, data, stride) {}
  NamedColumn(std::string_view column, const std::int32_t* data, std::int64_t stride = 1)
      : NamedColumn(column, Kind::int32, data, stride) {}
  NamedColumn(std::string_view column, const std::int64_t* data, std::int64_t stride = 1)
      : NamedColumn(column, Kind::int64, data, stride) {}
  /// Texts that end with a byte 0; null is a gap.
  NamedColumn(std::string_view column, const char* const* data, std::int64_t stride = 1)
      : NamedColumn(column, Kind::text, data, stride) {}
  NamedColumn(std::string_view column, const std::string* data, std::int64_t stride = 1)
      : NamedColumn(column, Kind::string, data, stride) {}
  NamedColumn(std::string_view column, Kind kind, const void* data, std::int64_t stride)
      : name(column), kind(kind), data(data), stride(stride) {}

  std::string_view name;
  Kind kind;
  const void* data;
  std::int64_t stride;
};

/// Columns that lie anywhere, one after the other or behind a function that makes them.
class NamedColumns {
 public:
  using At = NamedColumn (*)(const void* context, std::size_t i);

  NamedColumns(std::span<const NamedColumn> columns) : NamedColumns(columns.data(), columns.size(), in_memory) {}
  NamedColumns(const std::vector<NamedColumn>& columns) : NamedColumns(std::span(columns)) {}
  NamedColumns(std::initializer_list<NamedColumn> columns) : NamedColumns(std::span(columns.begin(), columns.size())) {}
  NamedColumns(const void* context, std::size_t size, At at) : context_(context), size_(size), at_(at) {}

  std::size_t size() const { return size_; }
  NamedColumn operator[](std::size_t i) const { return at_(context_, i); }

 private:
  static NamedColumn in_memory(const void* columns, std::size_t i) {
    return static_cast<const NamedColumn*>(columns)[i];
  }

  const void* context_;
  std::size_t size_;
  At at_;
};

/// A trained model for rows in memory, in this process alone: with test-time batch norm and the encoding that it was
/// trained with, bit for bit what `shoal predict` writes, whatever rows stand beside a row. May be used by many threads
/// at once, each of which does its own work. Takes no memory once it is made, but for messages and for what it returns.
///
/// Of one call: outputs and labels are written when all rows are done, and not touched when it throws. Calls with more
/// than 256 KiB of outputs in float64 go through their rows twice for that: once to see that all is well. Outputs and
/// labels must not overlap the rows.
class Predictor {
 public:
  /// @param path     a checkpoint, or the folder of a run, of which the latest is taken
  /// @param threads  that predict at a time, each with memory of its own, up to 256 or the cores there are, and a
  ///                 quarter of the machine's memory; others wait. 0: as many as this process has cores
  /// @throws Error  no_input, bad_data; also for a checkpoint of a version that did not describe its model by itself;
  ///                usage: no average is kept, and it is asked for
  explicit Predictor(const std::string& path, WhichWeights which = WhichWeights::judged, int threads = 0);
  /// @param bytes  of a checkpoint file, which are copied. name: for messages
  Predictor(std::span<const std::byte> bytes, const std::string& name, WhichWeights which = WhichWeights::judged,
            int threads = 0);
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;
  ~Predictor();

  std::int64_t step() const;                  ///< finished updates of the checkpoint
  std::int64_t features() const;              ///< D, numbers of a row
  const DataDescription& trained_on() const;  ///< shape and columns of a row, classes and their names
  const PredictionLayout& layout() const;     ///< K columns, and what they are
  const std::string& digest() const;          ///< of the checkpoint, as `shoal inspect` shows it

  /// Numbers of `rows` rows, (N, D), with values as a data set holds them, not encoded: of a table NaN for a missing
  /// cell, and for a category its number in trained_on().table, or how many there are for another.
  /// @param outputs  (N, K); as float64 they are the same numbers, and of a precise layout those before rounding
  /// @param labels   (N), or null; only where the layout has labels
  /// @throws Error(usage)  no such labels; bad_data: a value that is not finite, or too large for float32; diverged: an
  ///                       output is not finite
  void predict(std::int64_t rows, RowsView<const float> x, RowsView<float> outputs,
               std::int32_t* labels = nullptr) const;
  void predict(std::int64_t rows, RowsView<const double> x, RowsView<double> outputs,
               std::int32_t* labels = nullptr) const;
  /// Rows by the names of their columns, of which more may be given than are needed.
  /// @throws Error  also usage: the model was trained on data without such names; bad_data: a column is missing, or of
  ///                another kind
  void predict(std::int64_t rows, const NamedColumns& columns, RowsView<float> outputs,
               std::int32_t* labels = nullptr) const;
  void predict(std::int64_t rows, const NamedColumns& columns, RowsView<double> outputs,
               std::int32_t* labels = nullptr) const;

  /// (N, D) to (N, K), both row-major and without gaps. @throws Error(usage)  also: they do not fit each other
  void predict(std::span<const float> x, std::span<float> outputs) const;
  void predict(std::span<const double> x, std::span<double> outputs) const;
  /// Matrices, both of float or both of double, (N, D) to (N, K), such as Eigen::Ref. @throws Error(usage)  also: they
  /// do not fit each other
  template <DenseMatrix X, DenseMatrix Y>
  void predict(const X& x, Y&& outputs, std::int32_t* labels = nullptr) const {
    require_shapes({x.rows(), x.cols()}, {outputs.rows(), outputs.cols()});
    using Number = std::remove_cvref_t<decltype(*outputs.data())>;
    predict(x.rows(), RowsView<const Number>{x.data(), x.rowStride(), x.colStride()},
            RowsView<Number>{outputs.data(), outputs.rowStride(), outputs.colStride()}, labels);
  }
  /// The same into memory that is made for it.
  Predictions predict(std::span<const float> x) const;
  Predictions predict(std::span<const double> x) const;
  Predictions predict(std::int64_t rows, const NamedColumns& columns) const;

  /// A row of numbers from texts, as they stand in a file, by the names of the columns: see row_of_cells().
  /// @throws Error(usage)  the model was trained on data without such names; bad_data
  std::vector<double> row(const std::map<std::string, std::string>& cells) const;

 private:
  struct MatrixShape {
    std::int64_t rows;
    std::int64_t columns;
  };
  void require_shapes(MatrixShape x, MatrixShape outputs) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
