#include "merger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/import/cells/number_marks.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/utf8.hpp"

namespace shoal {
namespace {

template <class Place>
void merge_values(const CsvParsed::Seen& seen, CsvFacts& facts, const Place& place) {
  if (!seen.values) return;
  for (const auto& [value, count] : *seen.values) {
    if (facts.too_many_values) return;
    auto& entry = facts.values[value];
    if (entry.count == 0) entry.first = place(count.first, "");
    entry.count += count.count;
    facts.too_many_values = facts.values.size() > most_counted_values;
  }
  if (facts.too_many_values) facts.values.clear();
}

}  // namespace

void CsvMerger::refuse(std::size_t file, std::int64_t line, const std::string& what) const {
  throw Error(ExitStatus::bad_data, fmt::format("{}:{}: {}", files_.name(file), line, what));
}

void CsvMerger::merge(const CsvBlock& block, const CsvParsed& parsed, Words& words) {
  if (block.begins_file) blank_line_ = 0;
  if (blank_line_ != 0 && (parsed.rows > 0 || parsed.failure))
    refuse(block.file, blank_line_, "a blank line between rows; remove it");
  const auto text = first_not_allowed(block, parsed);
  if (text && (!parsed.failure || text->first <= parsed.failure->line)) refuse(block.file, text->first, text->second);
  if (parsed.failure) refuse(block.file, parsed.failure->line, parsed.failure->what);
  if (blank_line_ == 0) blank_line_ = parsed.blank_line;
  scan_.rows += parsed.rows;
  scan_.rows_of_file[block.file] += parsed.rows;
  words.resize(scan_.columns.size());
  CsvLines lines(block);
  for (std::size_t c = 0; c < scan_.columns.size(); ++c) merge_column(block, lines, parsed.seen[c], c, words[c]);
}

std::optional<std::pair<std::int64_t, std::string>> CsvMerger::first_not_allowed(const CsvBlock& block,
                                                                                 const CsvParsed& parsed) const {
  std::uint32_t first = CsvParsed::nowhere;
  std::size_t column = 0;
  for (std::size_t c = 0; c < scan_.columns.size(); ++c) {
    const std::uint32_t text = parsed.seen[c].first_text;
    if (scan_.columns[c].only == CsvOnly::anything || text >= first) continue;
    first = text;
    column = c;
  }
  if (first == CsvParsed::nowhere) return std::nullopt;
  const CsvTaken& taken = scan_.columns[column];
  const std::string cell = cell_at(block, format_, first);
  const bool dates = taken.only == CsvOnly::dates;
  const bool weighs = std::isfinite(taken.least);  // a weight that is missing is an error, too
  const bool below = number_of_cell(cell, format_.decimal).has_value() && !dates && !taken.marks.any();
  return std::pair{block.line_at(first),
                   fmt::format("column \"{}\" is \"{}\", {}; correct it, or {}", shown(taken.name), shown(cell),
                               below               ? fmt::format("below {}", taken.least)
                               : dates             ? "not a date such as 2018-01-28"
                               : taken.marks.any() ? "not written as " + marks_text(taken.marks, format_.decimal)
                                                   : "not a finite number",
                               weighs ? "remove the row" : "call it missing with --missing")};
}

void CsvMerger::merge_words(const CsvBlock& block, CsvLines& lines, const CsvParsed::Words& block_words, std::size_t c,
                            std::vector<std::uint32_t>& words) {
  CsvFacts& facts = scan_.facts[c];
  auto& numbers = numbers_of_words_[c];
  for (const CsvLocalWord& word : block_words.all) {
    const auto found = numbers.find(std::string(word.text));
    if (found != numbers.end()) {
      words.push_back(found->second);
      facts.words[found->second].count += word.count;
      continue;
    }
    facts.too_many_words |= facts.words.size() >= scan_.columns[c].most_words;
    if (facts.too_many_words) {
      words.push_back(0);
      continue;
    }
    const CsvPlace first{block.file, lines.at(word.offset), std::string(word.text)};
    if (!is_utf8(word.text))
      refuse(first.file, first.line,
             fmt::format("column \"{}\" is \"{}\", which is not UTF-8; save the file as UTF-8",
                         shown(scan_.columns[c].name), escape_non_utf8(shown(word.text))));
    const auto next = static_cast<std::uint32_t>(facts.words.size());
    numbers.emplace(word.text, next);
    facts.words.push_back({first.text, word.count, first});
    words.push_back(next);
  }
}

void CsvMerger::merge_column(const CsvBlock& block, CsvLines& lines, const CsvParsed::Seen& seen, std::size_t c,
                             std::vector<std::uint32_t>& words) {
  CsvFacts& facts = scan_.facts[c];
  const auto place = [&](std::size_t offset, std::string_view text) {
    return CsvPlace{block.file, lines.at(offset), std::string(text)};
  };
  const auto take_first = [&](std::optional<CsvPlace>& to, std::uint32_t offset) {
    if (!to && offset != CsvParsed::nowhere) to = place(offset, cell_at(block, format_, offset));
  };
  if (seen.numbers + seen.dates > 0) {
    const bool first = facts.numbers + facts.dates == 0;
    facts.least = first ? seen.least : std::min(facts.least, seen.least);
    facts.greatest = first ? seen.greatest : std::max(facts.greatest, seen.greatest);
  }
  facts.missing += seen.missing;
  facts.numbers += seen.numbers;
  facts.dates += seen.dates;
  facts.zoned += seen.zoned;
  facts.texts += seen.texts;
  facts.whole &= seen.whole;
  facts.fits_float &= seen.fits_float;
  take_first(facts.first_missing, seen.first_missing);
  take_first(facts.first_spelled, seen.first_spelled);
  take_first(facts.first_number, seen.first_number);
  take_first(facts.first_text, seen.first_text);
  take_first(facts.first_merged, seen.first_merged);
  take_first(facts.first_zeros, seen.first_zeros);
  take_first(facts.first_not_zoned, seen.first_not_zoned);
  facts.distinct.merge(seen.distinct);
  if (facts.distinct.too_many()) scan_.has_too_many[c].store(true, std::memory_order_relaxed);
  if (scan_.columns[c].values) merge_values(seen, facts, place);
  if (scan_.columns[c].take == CsvTake::word && seen.words) merge_words(block, lines, *seen.words, c, words);
}

}  // namespace shoal
