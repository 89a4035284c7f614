#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "data/content_hash.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/names.hpp"

namespace shoal {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

/// Writes one array of a split, and adds it to the digest, if it counts.
void write_array(H5Writer& writer, ContentHash* hash, const std::string& path, const PlannedSplit& split,
                 const Column& column) {
  std::vector<std::int64_t> shape{split.rows};
  shape.insert(shape.end(), column.shape.begin(), column.shape.end());
  writer.create_array(path, column.type, shape);
  if (hash != nullptr) hash->begin_array(path, column.type, shape);
  const std::size_t row_bytes = column.row_bytes();
  const auto piece = static_cast<std::int64_t>(std::max<std::size_t>(1, piece_bytes / row_bytes));
  std::vector<std::byte> buffer;
  std::int64_t row = -1;
  for (std::int64_t first = 0; first < split.rows; first += piece) {
    const std::int64_t last = std::min(split.rows, first + piece);
    buffer.resize(static_cast<std::size_t>(last - first) * row_bytes);
    for (std::int64_t i = first; i < last; ++i) {
      row = split.row(i, row);
      column.copy(row, buffer.data() + static_cast<std::size_t>(i - first) * row_bytes);
    }
    writer.write_rows(path, first, buffer);
    if (hash != nullptr) hash->add(buffer);
  }
}

}  // namespace

std::size_t Column::row_bytes() const {
  std::size_t bytes = element_bytes(type);
  for (const std::int64_t extent : shape) bytes *= static_cast<std::size_t>(extent);
  return bytes;
}

DatasetSummary write_splits(std::vector<PlannedSplit> splits, const TableNotes& notes, const std::string& out) {
  std::sort(splits.begin(), splits.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const Table& any = *splits.front().table;
  DatasetSummary summary;
  summary.shape = any.x.shape;
  summary.element = element_name(any.x.type);
  summary.classes = static_cast<std::int64_t>(notes.class_names.size());
  if (any.y && is_floating(any.y->type)) summary.outputs = any.y->shape.empty() ? 1 : any.y->shape[0];

  H5Writer writer(out);
  ContentHash hash;
  for (const PlannedSplit& split : splits) {
    write_array(writer, &hash, split.name + "/x", split, split.table->x);
    if (split.table->y) write_array(writer, &hash, split.name + "/y", split, *split.table->y);
    if (split.table->weight) write_array(writer, &hash, split.name + "/weight", split, *split.table->weight);
    for (std::size_t i = 0; i < split.table->ids.size(); ++i)
      write_array(writer, nullptr, fmt::format("{}/ids/{}", split.name, i), split, split.table->ids[i]);
    summary.splits.push_back({split.name, split.rows});
  }
  if (notes.table) hash.add_text(table_text(*notes.table));
  summary.content = hash.hex();
  writer.set_attribute("classes", summary.classes);
  write_names(writer, "class_names", notes.class_names);
  write_names(writer, "columns", notes.table ? notes.table->names() : notes.columns);
  if (notes.table) write_names(writer, "table", {table_text(*notes.table)});
  writer.set_attribute("shape", summary.shape);
  writer.set_attribute("source", notes.source);
  writer.set_attribute("content", summary.content);
  writer.finish();
  return summary;
}

}  // namespace shoal
