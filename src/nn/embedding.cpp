#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "shoal/core/error.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

class EmbeddingOperation final : public OperationOf<EmbeddingOperation> {
 public:
  explicit EmbeddingOperation(std::int64_t column) : column_(column) {}

  std::string_view name() const override { return "embedding"; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    if (!in[0].per_sample || in[0].rows != 1 || in[1].per_sample || column_ < 0 || column_ >= in[0].columns)
      throw Error(ExitStatus::usage, fmt::format("embedding takes column {} of (samples, D) and a table, not {} and {}",
                                                 column_, to_string(in[0]), to_string(in[1])));
    return {true, 1, in[1].columns};
  }
  bool differentiable(std::size_t input) const override { return input == 1; }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    const Panels<const T>& table = rows.input[1].panels;
    T* out = rows.output.tile(panel);
    for (std::int64_t r = 0; r < rows.output.count; ++r)
      std::copy_n(table.tile(panel, row_of(rows, r)), panel_width, out + r * panel_width);
  }
  template <class T>
  void backward_block(const RowBlock<T>&, std::size_t, std::int64_t, T*) const {}
  /// In each leaf one chain of additions a row of the table, in the order of the samples. A leaf none of whose samples
  /// has a row of the tile is left out: its part would be 0, and no part holds a -0 that adding 0 could change.
  template <class T>
  void gradient_block(const RowBlock<T>& rows, std::size_t, std::int64_t panel, std::int64_t first, std::int64_t count,
                      T* out) const {
    const T* dy = rows.output_gradient.tile(panel);
    const auto size = static_cast<std::size_t>(count * panel_width);
    const std::int64_t leaves = (rows.output.count + rows.leaf_rows() - 1) / rows.leaf_rows();
    std::vector<std::vector<T>> parts;  // those that wait for others; empty: 0
    for (std::int64_t leaf = 0; leaf < leaves; ++leaf) {
      std::vector<T>& part = parts.emplace_back();
      const std::int64_t end = std::min(rows.output.count, (leaf + 1) * rows.leaf_rows());
      for (std::int64_t r = leaf * rows.leaf_rows(); r < end; ++r) {
        const std::int64_t row = row_of(rows, r) - first;
        if (row < 0 || row >= count) continue;
        part.resize(size, T{0});
        T* sum = part.data() + row * panel_width;
        for (std::int64_t c = 0; c < panel_width; ++c) sum[c] += dy[r * panel_width + c];
      }
      for (int merges = merges_after(leaf, leaf + 1 == leaves, static_cast<int>(parts.size())); merges > 0; --merges) {
        std::vector<T> right = std::move(parts.back());
        parts.pop_back();
        if (parts.back().empty())
          parts.back() = std::move(right);
        else if (!right.empty())
          add_to<T>(static_cast<std::int64_t>(size), right.data(), parts.back().data());
      }
    }
    if (parts.empty() || parts.front().empty())
      std::fill_n(out, size, T{0});
    else
      std::copy_n(parts.front().data(), size, out);
  }

 private:
  /// The row of the table that sample r has; the last for numbers of no row.
  template <class T>
  std::int64_t row_of(const RowBlock<T>& rows, std::int64_t r) const {
    const T number = rows.input[0].tile(column_ / panel_width)[r * panel_width + column_ % panel_width];
    const std::int64_t last = rows.input[1].panels.rows - 1;
    return number >= T{0} && number < static_cast<T>(last) ? static_cast<std::int64_t>(number) : last;
  }

  std::int64_t column_;
};

/// Columns of several values beside each other: of input i the first columns[i].
class JoinOperation final : public OperationOf<JoinOperation> {
 public:
  explicit JoinOperation(std::vector<std::int64_t> columns) : columns_(std::move(columns)) {
    begin_.push_back(0);
    for (const std::int64_t count : columns_) begin_.push_back(begin_.back() + count);
  }

  std::string_view name() const override { return "join"; }
  ValueShape shape(std::span<const ValueShape> in) const override {
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (!in[i].per_sample || in[i].rows != in[0].rows || columns_[i] < 1 || columns_[i] > in[i].columns)
        throw Error(ExitStatus::usage,
                    fmt::format("join takes {} columns of (samples, D), not of {}", columns_[i], to_string(in[i])));
    }
    return {true, in[0].rows, begin_.back(), in[0].width};
  }

  template <class T>
  void forward_block(const RowBlock<T>& rows, std::int64_t panel) const {
    T* out = rows.output.tile(panel);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::int64_t end = std::min(begin_[i + 1], (panel + 1) * panel_width);
      for (std::int64_t at = std::max(begin_[i], panel * panel_width); at < end;) {
        const std::int64_t from = at - begin_[i];
        const std::int64_t count = std::min(end - at, panel_width - from % panel_width);
        copy_columns(rows.output.count, count, rows.input[i].tile(from / panel_width) + from % panel_width,
                     out + at % panel_width);
        at += count;
      }
    }
  }
  template <class T>
  void backward_block(const RowBlock<T>& rows, std::size_t i, std::int64_t panel, T* out) const {
    std::fill_n(out, rows.output.count * panel_width, T{0});
    const std::int64_t end = std::min(columns_[i], (panel + 1) * panel_width);
    for (std::int64_t to = panel * panel_width; to < end;) {
      const std::int64_t at = begin_[i] + to;
      const std::int64_t count = std::min(end - to, panel_width - at % panel_width);
      copy_columns(rows.output.count, count, rows.output_gradient.tile(at / panel_width) + at % panel_width,
                   out + to % panel_width);
      to += count;
    }
  }

 private:
  template <class T>
  static void copy_columns(std::int64_t rows, std::int64_t columns, const T* from, T* to) {
    for (std::int64_t r = 0; r < rows; ++r) std::copy_n(from + r * panel_width, columns, to + r * panel_width);
  }

  std::vector<std::int64_t> columns_;
  std::vector<std::int64_t> begin_;  // of each input's columns in the output, and the end
};

}  // namespace

Value embedding(Value x, std::int64_t column, Value table) {
  return x.graph().apply(std::make_shared<EmbeddingOperation>(column), {x, table});
}

Value join(const std::vector<Value>& values, const std::vector<std::int64_t>& columns) {
  return values.front().graph().apply(std::make_shared<JoinOperation>(columns), values);
}

}  // namespace shoal
