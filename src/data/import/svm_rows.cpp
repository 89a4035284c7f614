#include "svm_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>

#include "cells/cell_kind.hpp"
#include "csv_reader.hpp"
#include "data/contents.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

/// Takes the first word off a line; empty at its end.
std::string_view next_word(std::string_view& line) {
  constexpr std::string_view blanks = " \t";
  line.remove_prefix(std::min(line.size(), line.find_first_not_of(blanks)));
  const std::string_view word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

/// Digits from the first that is not 0 to the last that is not.
std::size_t significant_digits(std::string_view text) {
  std::size_t digits = 0;
  std::size_t zeros = 0;
  for (const char c : text.substr(0, text.find_first_of("eE"))) {
    if (c < '0' || c > '9') continue;
    if (c == '0') {
      zeros += digits > 0 ? 1 : 0;
    } else {
      digits += zeros + 1;
      zeros = 0;
    }
  }
  return digits;
}

bool keeps_in_float32(std::string_view text, double value) {
  constexpr std::size_t kept_digits = 6;  // any number of as many comes back from float32 as it was
  const auto narrow = static_cast<float>(value);
  if (!std::isfinite(narrow) || (narrow == 0.0F && value != 0.0)) return false;
  return static_cast<double>(narrow) == value || significant_digits(text) <= kept_digits;
}

}  // namespace

SvmReader::SvmReader(const std::string& path) : file_(path) {
  if (file_.peek() == 0xff || file_.peek() == 0xfe) {  // no byte of UTF-8
    number_ = 1;
    refuse("the file is UTF-16 or no text; save it as UTF-8");
  }
  file_.skip_prefix(byte_order_mark);
}

void SvmReader::refuse(const std::string& what) const {
  throw Error(ExitStatus::bad_data, fmt::format("{}:{}: {}", file_.path(), number_, what));
}

void SvmReader::refuse_merged(std::string_view text, double value) const {
  if (std::fabs(value) < 0x1p53) return;
  const auto number = number_of_cell(text, '.');
  if (number && number->merged)
    refuse(fmt::format("\"{}\" is a whole number that float64 does not hold; write it in another way", shown(text)));
}

bool SvmReader::next_line() {
  if (file_.peek() < 0) return false;
  line_.clear();
  ++number_;
  int c = file_.get();
  for (; c >= 0 && c != '\n' && c != '\r'; c = file_.get()) line_.push_back(static_cast<char>(c));
  if (c == '\r' && file_.peek() == '\n') file_.get();
  line_.resize(std::min(line_.size(), line_.find('#')));  // the rest is a comment
  return true;
}

void SvmReader::take_entry(std::string_view word, SvmRow& row) const {
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) refuse(fmt::format("\"{}\" is no index:value", shown(word)));
  if (word.substr(0, colon) == "qid") {
    row.has_query = true;
    return;
  }
  SvmEntry entry;
  const auto [end, error] = std::from_chars(word.data(), word.data() + colon, entry.index);
  if (error != std::errc() || end != word.data() + colon || entry.index < 0 || entry.index > most_features)
    refuse(fmt::format("\"{}\": the index must be a whole number from 0 or 1 to {}", shown(word), most_features));
  const std::string_view text = word.substr(colon + 1);
  const std::optional<double> value = parse_number(text);
  if (!value || !std::isfinite(*value))
    refuse(fmt::format("\"{}\": the value must be a finite number; replace it or remove the row", shown(word)));
  refuse_merged(text, *value);
  entry.value = *value;
  entry.fits_float32 = keeps_in_float32(text, *value);
  row.entries.push_back(entry);
}

bool SvmReader::next(SvmRow& row) {
  std::string_view rest;
  std::string_view label;
  while (label.empty()) {  // blank, or a comment
    if (!next_line()) return false;
    rest = line_;
    label = next_word(rest);
  }
  const std::optional<double> value = parse_number(label);
  if (!value || !std::isfinite(*value))
    refuse(fmt::format("label \"{}\" is no finite number; each row begins with its label", shown(label)));
  refuse_merged(label, *value);
  row.line = number_;
  row.label = *value;
  row.has_query = false;
  row.entries.clear();
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) take_entry(word, row);
  if (!std::ranges::is_sorted(row.entries, {}, &SvmEntry::index))
    std::ranges::stable_sort(row.entries, {}, &SvmEntry::index);
  const auto twice = std::ranges::adjacent_find(row.entries, {}, &SvmEntry::index);
  if (twice != row.entries.end()) refuse(fmt::format("index {} occurs twice in the row; remove one", twice->index));
  return true;
}

}  // namespace shoal
