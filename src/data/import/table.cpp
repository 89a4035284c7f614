#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <utility>

#include "data/content_hash.hpp"
#include "data/contents.hpp"
#include "progress.hpp"
#include "row_twins.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/value_scale.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/names.hpp"
#include "write_array.hpp"

namespace shoal {
namespace {

/// Folds of train are made of whole groups.
bool keeps_groups(const PlannedSplit& split) { return split.name == "train" && split.table->group; }

/// Groups are counted as they come up.
Column group_column(const Table& table) {
  auto numbers = std::make_shared<std::unordered_map<std::int64_t, std::int64_t>>();
  const RowSet all(table.rows, RowSet::Of::all);
  const auto next = numbers_of(*table.group, all)();
  for (std::int64_t row = 0; row < table.rows; ++row)
    numbers->emplace(next(), static_cast<std::int64_t>(numbers->size()));
  Column column{ElementType::int64, {}};
  column.copy_rows = [numbers, named = *table.group](std::span<const std::int64_t> rows, std::span<std::byte> out) {
    named.rows_into(rows, out);
    for (std::size_t at = 0; at < out.size(); at += sizeof(std::int64_t)) {
      const std::int64_t number = numbers->at(element_at<std::int64_t>(out.data() + at));
      std::memcpy(out.data() + at, &number, sizeof number);
    }
  };
  return column;
}

/// Which classes a split has rows of, by number.
std::vector<bool> classes_in(const PlannedSplit& split, std::size_t classes) {
  std::vector<bool> found(classes);
  if (!split.table->y || is_floating(split.table->y->type)) return found;
  std::size_t left = classes;  // rows are looked at until all are found
  const auto next = numbers_of(*split.table->y, split.rows)();
  for (std::int64_t i = 0; i < split.rows.count() && left > 0; ++i) {
    const std::int64_t k = next();
    const auto at = static_cast<std::size_t>(k);
    if (k < 0 || at >= classes || found[at]) continue;
    found[at] = true;
    --left;
  }
  return found;
}

/// Says which classes other splits have and train has not.
void say_unlearnt(const std::vector<PlannedSplit>& splits, const std::vector<std::string>& names) {
  const auto train = std::ranges::find(splits, "train", &PlannedSplit::name);
  if (names.empty() || splits.size() < 2 || train == splits.end()) return;
  const std::vector<bool> learnt = classes_in(*train, names.size());
  if (std::ranges::find(learnt, false) == learnt.end()) return;
  std::vector<bool> lacking(names.size());
  for (const PlannedSplit& split : splits) {
    if (&split == &*train) continue;
    const std::vector<bool> has = classes_in(split, names.size());
    for (std::size_t k = 0; k < names.size(); ++k) lacking[k] = lacking[k] || (has[k] && !learnt[k]);
  }
  const auto first = std::ranges::find(lacking, true);
  if (first == lacking.end()) return;
  const auto count = std::ranges::count(lacking, true);
  log_warning(fmt::format("{} of {} classes, {} \"{}\", {} no row in the split train: no model learns {}", count,
                          names.size(), count == 1 ? "called" : "such as",
                          names[static_cast<std::size_t>(first - lacking.begin())], count == 1 ? "has" : "have",
                          count == 1 ? "it" : "them"));
}

/// Files to train and to test on may have been scaled in two ways, and so may the file of a set that this one is like.
/// @param like  of TableNotes
void say_scales(const std::vector<PlannedSplit>& splits, const std::string& like, const std::string& out) {
  const auto say = [](const std::string& note) {
    if (!note.empty()) log_warning(note);
  };
  const auto train = std::ranges::find(splits, "train", &PlannedSplit::name);
  for (const PlannedSplit& split : splits) {
    if (train == splits.end() || split.table == train->table) continue;
    const Dataset data = Dataset::open(out);
    say(note_on_scales(data.split("train"), data.split(split.name)));
  }
  if (like.empty()) return;
  const Dataset other = Dataset::open(like);
  if (other.has("train"))
    say(note_on_scales(other.split("train"), Dataset::open(out).split(splits.front().name), like));
}

/// Copies of rows to train on make a test too easy. A few there are in most files.
void say_twins(const std::vector<PlannedSplit>& splits, const RowTwins& twins) {
  constexpr double few = 0.02;
  for (const PlannedSplit& split : splits) {
    const double share = twins.share(split.name);
    if (split.name == "train" || share < few) continue;
    log_warning(fmt::format(
        "{:.0f} % of the rows of {} have the features of a row of train: if those are copies, what is judged on "
        "them is too good (--group keeps together what belongs together)",
        100.0 * share, split.name));
  }
}

}  // namespace

std::size_t Column::row_bytes() const {
  std::size_t bytes = element_bytes(type);
  for (const std::int64_t extent : shape) bytes *= static_cast<std::size_t>(extent);
  return bytes;
}

void Column::rows_into(std::span<const std::int64_t> rows, std::span<std::byte> out) const {
  if (copy_rows) return copy_rows(rows, out);
  std::byte* at = out.data();
  for (const std::int64_t row : rows) {
    copy(row, at);
    at += row_bytes();
  }
}

RowValues numbers_of(const Column& column, const RowSet& rows) {
  return [&column, &rows] {
    struct Reader {
      std::vector<std::int64_t> some;
      std::vector<std::byte> bytes;
      std::size_t at = 0;
      std::int64_t row = -1;
    };
    return [&column, &rows, reader = std::make_shared<Reader>()] {
      constexpr std::size_t rows_at_once = 4096;
      const std::size_t width = element_bytes(column.type);
      if (reader->at == reader->some.size()) {
        reader->at = 0;
        reader->some.clear();
        while (reader->some.size() < rows_at_once && (reader->row = rows.after(reader->row)) < rows.rows())
          reader->some.push_back(reader->row);
        reader->bytes.resize(reader->some.size() * width);
        column.rows_into(reader->some, reader->bytes);
      }
      return label_at(column.type, reader->bytes.data() + width * reader->at++);
    };
  };
}

DatasetSummary write_splits(std::vector<PlannedSplit> splits, const TableNotes& notes, const std::string& out) {
  std::sort(splits.begin(), splits.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  const Table& any = *splits.front().table;
  DatasetSummary summary;
  summary.shape = any.x.shape;
  summary.element = element_name(any.x.type);
  summary.classes = static_cast<std::int64_t>(notes.class_names.size());
  if (any.y && is_floating(any.y->type)) summary.outputs = any.y->shape.empty() ? 1 : any.y->shape[0];

  say_unlearnt(splits, notes.class_names);

  std::size_t all_bytes = 0;
  for (const PlannedSplit& split : splits) {
    std::size_t row_bytes = split.table->x.row_bytes();
    if (split.table->y) row_bytes += split.table->y->row_bytes();
    if (split.table->weight) row_bytes += split.table->weight->row_bytes();
    if (keeps_groups(split)) row_bytes += sizeof(std::int64_t);
    for (const Column& id : split.table->ids) row_bytes += id.row_bytes();
    all_bytes += row_bytes * static_cast<std::size_t>(split.rows.count());
  }
  ImportProgress progress("writing " + out, static_cast<std::int64_t>(all_bytes));
  H5Writer writer(out);
  ContentHash hash;
  RowTwins twins;
  for (const PlannedSplit& split : splits) {
    const Table& table = *split.table;
    const auto write = [&](const std::string& name, const Column& column, const RowsTold& told) {
      write_array(writer, split.name + "/" + name, split, column, progress, told);
    };
    const auto write_counted = [&](const std::string& name, const Column& column, const RowsTold& told = {}) {
      hash.begin_array(split.name + "/" + name, column.type, array_shape(split, column));
      write(name, column, [&](std::span<const std::byte> rows) {
        hash.add(rows);
        if (told) told(rows);
      });
    };
    write_counted("x", table.x, [&](std::span<const std::byte> rows) {
      if (splits.size() > 1) twins.add(split.name, rows, table.x.row_bytes());
    });
    if (table.y) write_counted("y", *table.y);
    if (table.weight) write_counted("weight", *table.weight);
    if (keeps_groups(split)) write_counted("group", group_column(table));
    for (std::size_t i = 0; i < table.ids.size(); ++i)
      write(fmt::format("ids/{}", i), table.ids[i], [](std::span<const std::byte>) {});
    summary.splits.push_back({split.name, split.rows.count()});
  }
  if (notes.table) hash.add_text(table_text(*notes.table));
  summary.content = hash.hex();
  writer.set_attribute("classes", summary.classes);
  write_names(writer, "class_names", notes.class_names);
  write_names(writer, "columns", notes.table ? notes.table->names() : notes.columns);
  if (notes.table) write_names(writer, "table", {table_text(*notes.table)});
  // Not in the digest: it changes nothing that is learnt, and sets of before go on as they were.
  if (notes.file_columns) write_names(writer, "file_columns", {table_text(*notes.file_columns)});
  write_names(writer, "id_names", notes.ids);
  if (!notes.understood.empty()) write_names(writer, "understood", {notes.understood});
  writer.set_attribute("shape", summary.shape);
  writer.set_attribute("source", notes.source);
  writer.set_attribute("content", summary.content);
  writer.finish();
  say_scales(splits, notes.like, out);
  say_twins(splits, twins);
  return summary;
}

}  // namespace shoal
