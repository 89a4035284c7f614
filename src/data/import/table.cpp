#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "data/content_hash.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/epoch_order.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/names.hpp"

namespace shoal {
namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;
constexpr std::uint32_t test_lane = 1;
constexpr std::uint32_t validation_lane = 2;

[[noreturn]] void refuse_options(const std::string& what) { throw Error(ExitStatus::usage, what); }

std::int64_t drawn_rows(const char* option, std::int64_t rows, double fraction) {
  const std::int64_t count = fraction_count(rows, fraction);
  if (fraction > 0.0 && count == 0) {
    refuse_options(fmt::format("{} {} of {} rows is no row; use a larger fraction", option, fraction, rows));
  }
  return count;
}

PlannedSplit listed(std::string name, const Table& table, std::vector<std::int64_t> rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  auto held = std::make_shared<const std::vector<std::int64_t>>(std::move(rows));
  return {std::move(name), &table, count,
          [held](std::int64_t i, std::int64_t) { return (*held)[static_cast<std::size_t>(i)]; }};
}

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

void check_fractions(double test, double validation) {
  const auto check = [](const char* option, double fraction) {
    if (!(fraction >= 0.0 && fraction < 1.0)) {
      refuse_options(fmt::format("{} is {}; it must be at least 0 and below 1", option, fraction));
    }
  };
  check("--test-fraction", test);
  check("--validation-fraction", validation);
  if (test + validation >= 1.0) {
    refuse_options(fmt::format(
        "--test-fraction {} and --validation-fraction {} leave no row to train; make them smaller", test, validation));
  }
}

std::vector<PlannedSplit> plan_splits(const Table& table, const Table* test, const SplitOptions& options) {
  check_fractions(options.test_fraction, options.validation_fraction);
  if (options.test_last < 0) refuse_options(fmt::format("--test-last is {}; it must be 0 or more", options.test_last));
  if (options.test_last > 0 && options.test_fraction > 0.0) {
    refuse_options(fmt::format("--test-last {} and --test-fraction {} exclude each other; give one", options.test_last,
                               options.test_fraction));
  }
  if (test != nullptr && (options.test_last > 0 || options.test_fraction > 0.0)) {
    refuse_options("--test-last and --test-fraction exclude --test-images; give one of them");
  }
  const std::int64_t validation_rows = drawn_rows("--validation-fraction", table.rows, options.validation_fraction);
  const std::int64_t test_rows =
      options.test_last > 0 ? options.test_last : drawn_rows("--test-fraction", table.rows, options.test_fraction);
  if (test_rows >= table.rows - validation_rows) {  // the sum might overflow
    refuse_options(fmt::format("{} rows to test and {} to validate leave none of {} to train; use fewer", test_rows,
                               validation_rows, table.rows));
  }

  std::vector<std::int64_t> rest(static_cast<std::size_t>(table.rows));
  std::iota(rest.begin(), rest.end(), std::int64_t{0});
  const auto take = [&](const std::vector<std::int64_t>& rows) {  // both are sorted
    std::vector<std::int64_t> left;
    std::set_difference(rest.begin(), rest.end(), rows.begin(), rows.end(), std::back_inserter(left));
    rest = std::move(left);
    return rows;
  };
  std::vector<PlannedSplit> splits;
  if (test != nullptr) {
    splits.push_back({"test", test, test->rows, [](std::int64_t i, std::int64_t) { return i; }});
  } else if (options.test_last > 0) {
    splits.push_back(listed("test", table, take({rest.end() - test_rows, rest.end()})));
  } else if (test_rows > 0) {
    splits.push_back(listed("test", table, take(hold_out_count(options.seed, table.rows, test_rows, test_lane))));
  }
  if (validation_rows > 0) {
    auto drawn = hold_out_count(options.seed, static_cast<std::int64_t>(rest.size()), validation_rows, validation_lane);
    for (std::int64_t& row : drawn) row = rest[static_cast<std::size_t>(row)];
    splits.push_back(listed("validation", table, take(drawn)));
  }
  splits.push_back(listed("train", table, std::move(rest)));
  return splits;
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
