#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "nn/builders.hpp"
#include "shoal/core/error.hpp"
#include "shoal/graph/described.hpp"
#include "shoal/nn/layers.hpp"
#include "shoal/nn/operations.hpp"

namespace shoal {
namespace {

class EmbeddingOperation final : public OperationOf<EmbeddingOperation>, public Described {
 public:
  explicit EmbeddingOperation(std::int64_t column) : column_(column) {}

  std::string_view name() const override { return "embedding"; }
  Settings settings() const override { return {{"column", column_}}; }
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
    if (!(number >= T{0} && number < static_cast<T>(last))) return last;
    const auto row = static_cast<std::int64_t>(number);
    return static_cast<T>(row) == number ? row : last;
  }

  std::int64_t column_;
};

}  // namespace

Value embedding(Value x, std::int64_t column, Value table) {
  return x.graph().apply(std::make_shared<EmbeddingOperation>(column), {x, table});
}

Value build_embedding(LayerContext& context, Value x) {
  context.check_keys({"tables"});
  const std::vector<EmbeddingShape> tables = embedding_tables(context.layer());
  const std::int64_t numbers = x.shape().columns - std::ssize(tables);
  if (numbers < 0)
    throw Error(ExitStatus::usage,
                fmt::format("embedding has {} tables for {} columns", tables.size(), x.shape().columns));
  const std::string name = context.next_name("embedding");
  std::vector<Value> values;
  std::vector<std::int64_t> columns;
  if (numbers > 0) {
    values.push_back(x);
    columns.push_back(numbers);
  }
  for (std::size_t k = 0; k < tables.size(); ++k) {
    const Value table = context.graph().variable(fmt::format("{}/table_{}", name, k), {tables[k].rows, tables[k].width},
                                                 normal(), true);
    values.push_back(embedding(x, numbers + static_cast<std::int64_t>(k), table));
    columns.push_back(tables[k].width);
  }
  return join(std::move(values), std::move(columns));
}

LayerSpec embedding_layer(const std::vector<EmbeddingShape>& tables) {
  std::string text;
  for (const EmbeddingShape& table : tables)
    text += fmt::format("{}{}x{}", text.empty() ? "" : ",", table.rows, table.width);
  return {"embedding", {{"tables", text}}};
}

std::vector<EmbeddingShape> embedding_tables(const LayerSpec& layer) {
  constexpr std::int64_t most_rows = (std::int64_t{1} << 24) + 1;  // their numbers are exact as floats
  constexpr std::int64_t most_width = 4096;
  const auto found = layer.settings.find("tables");
  const auto* text = found == layer.settings.end() ? nullptr : std::get_if<std::string>(&found->second);
  std::vector<EmbeddingShape> tables;
  const char* at = text == nullptr ? nullptr : text->data();
  const char* end = text == nullptr ? nullptr : at + text->size();
  while (at != end || tables.empty()) {
    EmbeddingShape table;
    const auto rows = std::from_chars(at, end, table.rows);
    const bool has_width = rows.ec == std::errc() && rows.ptr != end && *rows.ptr == 'x';
    const auto width = has_width ? std::from_chars(rows.ptr + 1, end, table.width) : rows;
    const bool sound = has_width && width.ec == std::errc() && table.rows >= 1 && table.rows <= most_rows &&
                       table.width >= 1 && table.width <= most_width;
    const bool goes_on = sound && width.ptr != end && *width.ptr == ',' && width.ptr + 1 != end;
    if (!sound || (width.ptr != end && !goes_on))
      throw Error(ExitStatus::usage,
                  fmt::format("tables of embedding is \"{}\"; it must be rows x width of each, such as "
                              "\"1001x50,34x12\", with at most {} rows and {} numbers a row",
                              text == nullptr ? "" : *text, most_rows, most_width));
    tables.push_back(table);
    at = goes_on ? width.ptr + 1 : end;
  }
  return tables;
}

}  // namespace shoal
