#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "nn/builders.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/described.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

/// Columns of several values beside each other: of input i the first columns[i].
class JoinOperation final : public OperationOf<JoinOperation>, public Described {
 public:
  explicit JoinOperation(std::vector<std::int64_t> columns) : columns_(std::move(columns)) {
    begin_.push_back(0);
    for (const std::int64_t count : columns_) begin_.push_back(begin_.back() + count);
  }

  std::string_view name() const override { return "join"; }
  Settings settings() const override {
    Settings told;
    for (std::size_t i = 0; i < columns_.size(); ++i) told[fmt::format("columns_{}", i)] = columns_[i];
    return told;
  }
  ValueShape shape(std::span<const ValueShape> in) const override {
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (!in[i].per_sample || columns_[i] < 1 || columns_[i] > in[i].columns)
        throw Error(ExitStatus::usage, fmt::format("join takes {} columns of a value per sample, not of {}",
                                                   columns_[i], to_string(in[i])));
      if (in[i].rows != in[0].rows || in[i].width != in[0].width)
        throw Error(ExitStatus::usage,
                    fmt::format("channels of {} cannot stand beside those of {}: height and width differ",
                                to_string(in[i]), to_string(in[0])));
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

Value join_few(const std::vector<Value>& values, const std::vector<std::int64_t>& columns) {
  return values.front().graph().apply(std::make_shared<JoinOperation>(columns), values);
}

}  // namespace

Value join(std::vector<Value> values, std::vector<std::int64_t> columns) {
  constexpr std::size_t most = RowBlock<float>::most_inputs;
  if (values.empty() || values.size() != columns.size())
    throw Error(ExitStatus::usage,
                fmt::format("join of {} values and {} numbers of columns; give one of each, and a value at least",
                            values.size(), columns.size()));
  do {
    std::vector<Value> joined;
    std::vector<std::int64_t> joined_columns;
    for (std::size_t first = 0; first < values.size(); first += most) {
      const auto begin = static_cast<std::ptrdiff_t>(first);
      const auto end = static_cast<std::ptrdiff_t>(std::min(first + most, values.size()));
      const bool whole = end - begin == 1 && columns[first] == values[first].shape().columns;
      joined.push_back(whole ? values[first]
                             : join_few({values.begin() + begin, values.begin() + end},
                                        {columns.begin() + begin, columns.begin() + end}));
      joined_columns.push_back(joined.back().shape().columns);
    }
    values = std::move(joined);
    columns = std::move(joined_columns);
  } while (values.size() > 1);
  return values.front();
}

}  // namespace shoal
