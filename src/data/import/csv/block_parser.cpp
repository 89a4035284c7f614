#include "block_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "data/import/cells/date.hpp"
#include "data/import/csv_reader.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/hash.hpp"

namespace shoal {
namespace {

constexpr double missing_value = std::numeric_limits<double>::quiet_NaN();

bool is_exact(double value) { return static_cast<double>(static_cast<float>(value)) == value; }

class BlockParser {
 public:
  BlockParser(const CsvBlock& block, const CsvLayout& layout, const CsvFormat& format, const CellRules& rules,
              const CsvScan& scan, CsvParsed& parsed)
      : block_(block), layout_(layout), columns_(scan.columns), rules_(rules), scan_(scan), parsed_(parsed) {
    const std::string_view text = block.text();
    const auto most_rows = static_cast<std::size_t>(block.lines);
    CsvParsed fresh;
    fresh.x = std::move(parsed_.x);
    fresh.other = std::move(parsed_.other);
    parsed_ = std::move(fresh);
    parsed_.x.clear();  // nothing is to be copied where they grow
    parsed_.other.clear();
    parsed_.x.resize(most_rows * scan.x_width);
    parsed_.other.resize(most_rows * scan.other_width);
    parsed_.seen.resize(columns_.size());
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (scan.has_too_many[c].load(std::memory_order_relaxed)) parsed_.seen[c].distinct.give_up();
    }
    parsed_.text_ends.resize(scan.texts);
    parsed_.texts.resize(scan.texts);
    parsed_.cursor = std::make_unique<CsvCursor>(text, format, block.row_end);
    cursor_ = parsed_.cursor.get();
  }

  void parse() {
    const std::string_view text = block_.text();
    if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos)
      parsed_.failure = {block_.line_at(zero), "a byte 0; remove it, or save the file as text in UTF-8"};
    try {
      bool header = layout_.header && block_.begins_file;
      while (!cursor().at_end()) {
        const std::size_t start = cursor().offset();
        if (cursor().skip_blank_line()) {
          if (parsed_.blank_line == 0) parsed_.blank_line = block_.line_at(start);
          continue;
        }
        if (parsed_.blank_line != 0) return fail(parsed_.blank_line, "a blank line between rows; remove it");
        if (!(header ? skip_row() : parse_row(start))) return;
        header = false;
      }
    } catch (const CsvFault& fault) {
      fail(block_.line_at(fault.offset), fault.what);
    }
  }

 private:
  CsvCursor& cursor() { return *cursor_; }

  /// Of two failures the one further up.
  void fail(std::int64_t line, const std::string& what) {
    if (!parsed_.failure || line < parsed_.failure->line) parsed_.failure = {line, what};
  }

  bool skip_row() {
    do {
      cursor().cell();
    } while (cursor().more());
    return true;
  }

  bool parse_row(std::size_t start) {
    x_ = parsed_.x.data() + static_cast<std::size_t>(parsed_.rows) * scan_.x_width;
    other_ = parsed_.other.data() + static_cast<std::size_t>(parsed_.rows) * scan_.other_width;
    const std::size_t width = layout_.columns.size();
    std::size_t position = 0;
    do {
      if (position < width)
        parse_cell(layout_.columns[position]);
      else
        cursor().cell();
      ++position;
    } while (cursor().more());
    if (position != width) {
      fail(block_.line_at(start), fmt::format("{} where line 1 has {}; each row needs the same",
                                              counted(static_cast<std::int64_t>(position), "cell"), width));
      return false;
    }
    ++parsed_.rows;
    return true;
  }

  void parse_cell(std::size_t column) {
    const CsvTake take = column == CsvLayout::none ? CsvTake::nothing : columns_[column].take;
    switch (take) {
      case CsvTake::nothing: cursor().cell(); return;
      case CsvTake::value: return parse_value(columns_[column], parsed_.seen[column]);
      case CsvTake::word: return parse_word(columns_[column], parsed_.seen[column]);
      case CsvTake::text: {
        const std::string_view text = cursor().cell();
        parsed_.seen[column].texts += text.empty() ? 0 : 1;
        parsed_.seen[column].missing += text.empty() ? 1 : 0;
        if (!text.empty()) parsed_.seen[column].distinct.add_hash(short_hash(std::as_bytes(std::span(text))));
        parsed_.texts[columns_[column].slot] += text;
        parsed_.text_ends[columns_[column].slot].push_back(
            static_cast<std::int64_t>(parsed_.texts[columns_[column].slot].size()));
      }
    }
  }

  void put(const CsvTaken& column, double value) { (column.feature ? x_ : other_)[column.slot] = value; }

  void parse_value(const CsvTaken& column, CsvParsed::Seen& seen) {
    const auto offset = static_cast<std::uint32_t>(cursor().offset());
    CsvNumber number;
    if ((column.any_number || !column.marks.any()) && cursor().plain_number(number)) {
      if (!rules_.is_missing(number.value)) return take_number(column, seen, number, offset);
      return take_missing(column, seen, offset, true);
    }
    const std::string_view cell = cursor().cell();
    switch (rules_.kind(cell, column.marks, number)) {
      case CellKind::number: number.zeros = begins_with_zeros(offset); return take_number(column, seen, number, offset);
      case CellKind::date:
        if (column.only == CsvOnly::numbers) return take_text(column, seen, offset);
        ++seen.dates;
        if (has_zone(cell))
          ++seen.zoned;
        else
          note(seen.first_not_zoned, offset);
        return take_any_value(column, seen, number, offset);
      case CellKind::missing: return take_missing(column, seen, offset, !cell.empty());
      case CellKind::text: return take_text(column, seen, offset);
    }
  }

  [[gnu::always_inline]] void take_number(const CsvTaken& column, CsvParsed::Seen& seen, const CsvNumber& number,
                                          std::uint32_t offset) {
    if (!column.any_number) {
      if (column.only == CsvOnly::dates || number.value < column.least) return take_text(column, seen, offset);
      if (column.values) count_value(seen, number.value, offset);
    }
    if (seen.numbers++ == 0) seen.first_number = offset;
    if (seen.whole && number.value != std::trunc(number.value)) seen.whole = false;
    if (number.zeros) note(seen.first_zeros, offset);
    take_any_value(column, seen, number, offset);
  }

  [[gnu::always_inline]] void take_any_value(const CsvTaken& column, CsvParsed::Seen& seen, const CsvNumber& number,
                                             std::uint32_t offset) {
    seen.least = std::min(seen.least, number.value);
    seen.greatest = std::max(seen.greatest, number.value);
    if (!number.brief) {
      if (number.merged) note(seen.first_merged, offset);
      if (seen.fits_float && !is_exact(number.value)) {
        seen.fits_float = false;
        if (column.feature) parsed_.fits_float = false;
      }
      if (column.feature) parsed_.all_brief = false;
    }
    put(column, number.value);
  }

  bool begins_with_zeros(std::size_t cell) const {
    const std::string_view text = block_.text().substr(cell);
    return has_zeros_in_front(text.substr(text.starts_with('"') ? 1 : 0));
  }

  static void count_value(CsvParsed::Seen& seen, double value, std::uint32_t offset) {
    if (!seen.values) seen.values = std::make_unique<std::unordered_map<double, CsvParsed::Value>>();
    if (seen.values->size() > most_counted_values) return;  // then there are too many altogether
    ++seen.values->try_emplace(value, CsvParsed::Value{0, offset}).first->second.count;
  }

  static void note(std::uint32_t& first, std::uint32_t offset) {
    if (first == CsvParsed::nowhere) first = offset;
  }

  void take_text(const CsvTaken& column, CsvParsed::Seen& seen, std::uint32_t offset) {
    ++seen.texts;
    note(seen.first_text, offset);
    put(column, missing_value);
  }

  void take_missing(const CsvTaken& column, CsvParsed::Seen& seen, std::uint32_t offset, bool spelled) {
    ++seen.missing;
    note(seen.first_missing, offset);
    if (spelled) note(seen.first_spelled, offset);
    put(column, missing_value);
  }

  void parse_word(const CsvTaken& column, CsvParsed::Seen& seen) {
    const auto offset = static_cast<std::uint32_t>(cursor().offset());
    const std::string_view text = cursor().cell();
    if (text.empty()) return take_missing(column, seen, offset, false);
    ++seen.texts;
    if (!seen.words) seen.words = std::make_unique<CsvParsed::Words>();
    auto& words = seen.words->all;
    const auto next = static_cast<std::uint32_t>(words.size());
    const auto [entry, is_new] = seen.words->numbers.try_emplace(text, next);
    if (is_new) words.push_back({text, 0, offset});
    ++words[entry->second].count;
    put(column, entry->second);
  }

  const CsvBlock& block_;
  const CsvLayout& layout_;
  const std::vector<CsvTaken>& columns_;
  const CellRules& rules_;
  const CsvScan& scan_;
  CsvParsed& parsed_;
  CsvCursor* cursor_ = nullptr;
  double* x_ = nullptr;
  double* other_ = nullptr;
};

/// Column by column, so that a column's table is near.
void count_distinct(const CsvScan& scan, CsvParsed& parsed) {
  for (std::size_t c = 0; c < scan.columns.size(); ++c) {
    const CsvTaken& column = scan.columns[c];
    CsvParsed::Seen& seen = parsed.seen[c];
    if (column.take != CsvTake::value || seen.distinct.too_many()) continue;
    const std::size_t width = column.feature ? scan.x_width : scan.other_width;
    const double* const values = (column.feature ? parsed.x : parsed.other).data() + column.slot;
    for (std::size_t i = 0; i < static_cast<std::size_t>(parsed.rows) && !seen.distinct.too_many(); ++i) {
      if (!std::isnan(values[i * width])) seen.distinct.add(values[i * width]);
    }
  }
}

}  // namespace

std::string cell_at(const CsvBlock& block, const CsvFormat& format, std::size_t offset) {
  // The text goes on to the end of the block: its line end closes any cell.
  CsvCursor cursor(block.text().substr(offset), format, block.row_end);
  return std::string(cursor.cell());
}

void parse_block(const CsvBlock& block, const CsvLayout& layout, const CsvFormat& format, const CellRules& rules,
                 const CsvScan& scan, CsvParsed& parsed) {
  BlockParser(block, layout, format, rules, scan, parsed).parse();
  count_distinct(scan, parsed);
}

}  // namespace shoal
