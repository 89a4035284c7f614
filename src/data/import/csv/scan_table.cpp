#include "scan_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "data/import/splits.hpp"
#include "data/refuse.hpp"
#include "decode_x.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_id_bytes = 4096;

/// The rows of a table by their numbers in the scan.
struct Pick {
  std::int64_t first = 0;
  std::shared_ptr<const RankedRows> listed;  // behind the first; null: all

  std::int64_t operator()(std::int64_t row) const { return first + (listed ? listed->at(row) : row); }
};

/// A pick of rows that rise: what is near to the row before is found from there.
class RisingPick {
 public:
  explicit RisingPick(const Pick& pick) : pick_(pick) {}

  std::int64_t operator()(std::int64_t row) {
    constexpr std::int64_t near = 16;
    if (!pick_.listed) return pick_(row);
    if (row < row_ || row > row_ + near || row_ < 0) {
      picked_ = pick_(row);
      row_ = row;
    }
    for (; row_ < row; ++row_) picked_ = pick_.first + pick_.listed->after(picked_ - pick_.first);
    return picked_;
  }

 private:
  const Pick& pick_;
  std::int64_t row_ = -1;
  std::int64_t picked_ = -1;
};

/// Blocks of a scan, one after the other, whose rows `decode` makes ready.
template <class Decode>
class BlockCursor {
 public:
  BlockCursor(std::shared_ptr<const CsvScan> scan, Decode decode)
      : scan_(std::move(scan)), decode_(std::move(decode)) {}

  /// The bytes of a row, of `row_bytes`, and of those behind it in its block.
  std::span<const std::byte> from(std::int64_t row, std::size_t row_bytes) {
    if (block_ == nullptr || row < block_->first || row >= block_->first + block_->rows) {
      const auto& blocks = scan_->blocks;
      const auto behind = std::upper_bound(blocks.begin(), blocks.end(), row,
                                           [](std::int64_t r, const CsvRows& block) { return r < block.first; });
      block_ = &*(behind - 1);
      decode_(*scan_, *block_, bytes_);
    }
    return std::span(bytes_).subspan(static_cast<std::size_t>(row - block_->first) * row_bytes);
  }

 private:
  std::shared_ptr<const CsvScan> scan_;
  Decode decode_;
  const CsvRows* block_ = nullptr;
  std::vector<std::byte> bytes_;
};

/// Cursors over one scan: as many as there are threads that read.
template <class Decode>
class BlockCursors {
 public:
  BlockCursors(std::shared_ptr<const CsvScan> scan, Decode decode)
      : scan_(std::move(scan)), decode_(std::move(decode)) {}

  /// Calls read(cursor) with one that no other thread has.
  template <class Read>
  void with(const Read& read) {
    BlockCursor<Decode> cursor = take();
    read(cursor);
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(cursor));
  }

 private:
  BlockCursor<Decode> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return {scan_, decode_};
    BlockCursor<Decode> cursor = std::move(free_.back());
    free_.pop_back();
    return cursor;
  }

  std::shared_ptr<const CsvScan> scan_;
  Decode decode_;
  std::mutex mutex_;
  std::vector<BlockCursor<Decode>> free_;
};

/// A column that decodes blocks; calls that rise read each once.
template <class Decode>
Column blockwise(const std::shared_ptr<const CsvScan>& scan, ElementType type, std::vector<std::int64_t> shape,
                 const Pick& pick, Decode decode) {
  Column column{type, std::move(shape), {}, {}};
  const std::size_t row_bytes = column.row_bytes();
  auto cursors = std::make_shared<BlockCursors<Decode>>(scan, std::move(decode));
  column.concurrent = true;
  column.copy = [cursors, pick, row_bytes](std::int64_t row, std::byte* out) {
    cursors->with([&](auto& cursor) { std::memcpy(out, cursor.from(pick(row), row_bytes).data(), row_bytes); });
  };
  const auto copy_rows = [pick, row_bytes](auto& cursor, std::span<const std::int64_t> rows, std::byte* at) {
    RisingPick picked(pick);
    for (std::size_t i = 0; i < rows.size();) {
      const std::int64_t first = picked(rows[i]);
      const auto bytes = cursor.from(first, row_bytes);
      const std::size_t most = std::min(bytes.size() / row_bytes, rows.size() - i);
      std::size_t run = 1;  // of rows that lie side by side
      while (run < most && picked(rows[i + run]) == first + static_cast<std::int64_t>(run)) ++run;
      at = std::copy_n(bytes.data(), run * row_bytes, at);
      i += run;
    }
  };
  column.copy_rows = [cursors, copy_rows](std::span<const std::int64_t> rows, std::span<std::byte> out) {
    cursors->with([&](auto& cursor) { copy_rows(cursor, rows, out.data()); });
  };
  return column;
}

/// Rows of the other values, of which `slots` are made T by `make`.
template <class T, class Make>
auto decode_other(std::vector<std::size_t> slots, Make make) {
  return [slots = std::move(slots), make = std::move(make)](const CsvScan& scan, const CsvRows& block,
                                                            std::vector<std::byte>& out) {
    const auto rows = static_cast<std::size_t>(block.rows);
    std::vector<double> raw(rows * scan.other_width);
    scan.spool.read(block.other, std::as_writable_bytes(std::span(raw)));
    out.resize(rows * slots.size() * sizeof(T));
    auto* to = reinterpret_cast<T*>(out.data());
    for (std::size_t r = 0; r < rows; ++r) {
      for (const std::size_t slot : slots) *to++ = make(raw[r * scan.other_width + slot]);
    }
  };
}

/// All values of one of the other columns.
template <class Take>
void for_each_other(const CsvScan& scan, std::size_t slot, const Take& take) {
  std::vector<double> raw;
  for (const CsvRows& block : scan.blocks) {
    raw.resize(static_cast<std::size_t>(block.rows) * scan.other_width);
    scan.spool.read(block.other, std::as_writable_bytes(std::span(raw)));
    for (std::int64_t r = 0; r < block.rows; ++r)
      take(block.first + r, raw[static_cast<std::size_t>(r) * scan.other_width + slot]);
  }
}

Column label_column(const ScanParts& parts, const Pick& pick) {
  const CsvScan& scan = *parts.scan;
  const CsvLabels& labels = parts.verdict.labels;
  std::vector<std::size_t> slots;
  bool fits_float = true;
  for (const std::size_t c : labels.columns) {
    slots.push_back(scan.columns[c].slot);
    fits_float &= scan.facts[c].fits_float;
  }
  const std::int64_t count = static_cast<std::int64_t>(slots.size());
  if (!labels.codes.empty()) {
    const auto code = [codes = labels.codes](double word) {
      return static_cast<std::int32_t>(codes[static_cast<std::size_t>(word)]);
    };
    return blockwise(parts.scan, ElementType::int32, {}, pick, decode_other<std::int32_t>(slots, [code](double word) {
                       return std::isnan(word) ? -1 : code(word);
                     }));
  }
  if (!labels.class_names.empty()) {
    const auto class_of_value = [values = labels.values, classes = labels.value_classes](double value) {
      if (std::isnan(value)) return std::int32_t{-1};
      return classes[static_cast<std::size_t>(std::lower_bound(values.begin(), values.end(), value) - values.begin())];
    };
    return blockwise(parts.scan, ElementType::int32, {}, pick, decode_other<std::int32_t>(slots, class_of_value));
  }
  const std::vector<std::int64_t> shape = count == 1 ? std::vector<std::int64_t>{} : std::vector<std::int64_t>{count};
  if (fits_float)
    return blockwise(parts.scan, ElementType::float32, shape, pick,
                     decode_other<float>(slots, [](double value) { return static_cast<float>(value); }));
  return blockwise(parts.scan, ElementType::float64, shape, pick,
                   decode_other<double>(slots, [](double value) { return value; }));
}

/// Where the texts of a block end, and the texts.
struct BlockTexts {
  std::vector<std::int64_t> ends;
  std::string texts;

  void read(const CsvScan& scan, const CsvRows& block, std::size_t slot) {
    const auto bytes = static_cast<std::size_t>(block.rows) * sizeof(std::int64_t);
    ends.resize(static_cast<std::size_t>(block.rows));
    texts.resize(static_cast<std::size_t>(block.text_bytes[slot]) - bytes);
    scan.spool.read(block.texts[slot], std::as_writable_bytes(std::span(ends)));
    scan.spool.read(block.texts[slot] + static_cast<std::int64_t>(bytes), std::as_writable_bytes(std::span(texts)));
  }
  std::string_view at(std::size_t row) const {
    const auto begin = static_cast<std::size_t>(row == 0 ? 0 : ends[row - 1]);
    return std::string_view(texts).substr(begin, static_cast<std::size_t>(ends[row]) - begin);
  }
};

Column id_column(const ScanParts& parts, std::size_t c, const Pick& pick) {
  const std::size_t slot = parts.scan->columns[c].slot;
  std::size_t longest = 1;
  BlockTexts texts;
  for (const CsvRows& block : parts.scan->blocks) {
    texts.read(*parts.scan, block, slot);
    for (std::size_t r = 0; r < texts.ends.size(); ++r) longest = std::max(longest, texts.at(r).size());
  }
  if (longest > most_id_bytes)
    throw Error(ExitStatus::bad_data,
                fmt::format("column \"{}\" has a text of {} bytes, and an id may have {}; leave it out with --ignore",
                            shown(parts.columns[c].name), longest, most_id_bytes));
  return blockwise(parts.scan, ElementType::uint8, {static_cast<std::int64_t>(longest)}, pick,
                   [slot, longest](const CsvScan& scan, const CsvRows& block, std::vector<std::byte>& out) {
                     BlockTexts all;
                     all.read(scan, block, slot);
                     out.assign(all.ends.size() * longest, std::byte{0});
                     for (std::size_t r = 0; r < all.ends.size(); ++r)
                       std::memcpy(out.data() + r * longest, all.at(r).data(), all.at(r).size());
                   });
}

/// Rows that have all labels; null where none lacks one.
std::shared_ptr<const RankedRows> labelled_rows(const ScanParts& parts, std::int64_t first, std::int64_t last) {
  if (!parts.verdict.labels.any_missing) return nullptr;
  RowSet lacking(last - first);
  for (const std::size_t c : parts.verdict.labels.columns) {
    for_each_other(*parts.scan, parts.scan->columns[c].slot, [&](std::int64_t row, double value) {
      if (row >= first && row < last && std::isnan(value)) lacking.insert(row - first);
    });
  }
  RowSet rows(last - first, RowSet::Of::all);
  rows.erase(lacking);
  return std::make_shared<const RankedRows>(std::move(rows));
}

}  // namespace

ElementType x_type(const CsvScan& scan) {
  if (scan.all_bytes) return ElementType::uint8;
  return scan.fits_float ? ElementType::float32 : ElementType::float64;
}

Table table_of_scan(const ScanParts& parts, std::int64_t first, std::int64_t last, std::vector<std::int64_t> shape,
                    ElementType type) {
  const CsvScan& scan = *parts.scan;
  const Pick pick{first, labelled_rows(parts, first, last)};
  Table table;
  table.rows = pick.listed ? pick.listed->count() : last - first;
  table.x = blockwise(parts.scan, type, std::move(shape), pick, DecodeX(scan, parts.verdict.features, type));
  if (!parts.verdict.labels.columns.empty()) table.y = label_column(parts, pick);
  for (std::size_t c = 0; c < parts.columns.size(); ++c) {
    const std::size_t slot = scan.columns[c].slot;
    switch (parts.columns[c].role) {
      case CsvRole::weight:
        table.weight = blockwise(parts.scan, ElementType::float64, {}, pick,
                                 decode_other<double>({slot}, [](double value) { return value; }));
        break;
      case CsvRole::id: table.ids.push_back(id_column(parts, c, pick)); break;
      case CsvRole::group:
        table.group =
            blockwise(parts.scan, ElementType::int64, {}, pick,
                      decode_other<std::int64_t>({slot}, [](double word) { return static_cast<std::int64_t>(word); }));
        break;
      case CsvRole::split: {
        std::vector<OwnSplit> meant;
        for (const CsvFacts::Word& word : scan.facts[c].words) meant.push_back(*split_named(word.text));
        table.own_split = blockwise(parts.scan, ElementType::uint8, {}, pick,
                                    decode_other<std::uint8_t>({slot}, [meant](double word) {
                                      return static_cast<std::uint8_t>(meant[static_cast<std::size_t>(word)]);
                                    }));
        break;
      }
      default: break;
    }
  }
  return table;
}

TableDescription description_of(const ScanParts& parts, const std::vector<std::string>& missing, char decimal,
                                DateOrder date_order) {
  TableDescription table;
  for (const CsvFeature& feature : parts.verdict.features) table.features.push_back(feature.column);
  for (const std::size_t c : parts.verdict.labels.columns) {
    table.labels.push_back(parts.columns[c].name);
    table.label_marks.push_back(parts.scan->columns[c].marks);
  }
  const auto& marks = table.label_marks;
  if (std::none_of(marks.begin(), marks.end(), [](const NumberMarks& label) { return label.any(); }))
    table.label_marks.clear();
  for (const CsvColumn& column : parts.columns) {
    if (column.role == CsvRole::weight) table.weight = column.name;
    if (column.role == CsvRole::id) table.ids.push_back(column.name);
  }
  table.missing = missing;
  if (table.marks_thousands()) table.decimal = decimal;
  const bool has_dates = std::ranges::any_of(
      table.features, [](const FeatureColumn& feature) { return feature.type == ColumnType::date; });
  if (has_dates) table.date_order = date_order;
  return table;
}

}  // namespace shoal
