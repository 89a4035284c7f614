#include "labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "cells/cell_kind.hpp"
#include "csv_reader.hpp"
#include "data/contents.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

[[noreturn]] void refuse_label(const Place& place, std::size_t i, const std::string& what) {
  throw Error(ExitStatus::bad_data, fmt::format("{}: {}", place(i), what));
}

/// Beyond 2^53 doubles are all whole.
bool is_whole(double x) { return std::floor(x) == x && std::fabs(x) < 0x1p53; }

template <class T>
void check_class_count(const std::set<T>& distinct, const Place& place) {
  if (static_cast<std::int64_t>(distinct.size()) <= most_classes) return;
  refuse_label(
      place, 0,
      fmt::format("the labels make {} classes, more than {}; is this the right column? For numbers to predict, use "
                  "--regression",
                  distinct.size(), most_classes));
}

/// Class numbers leave gaps where a file lacks some classes that another has, but not nearly all. Counting from 0 to a
/// code, such as 99 beside 0, 1 and 2, would train an output for each number between.
bool are_codes(const std::set<std::int64_t>& distinct) {
  constexpr std::int64_t most_gaps = 10;  // numbers for one that occurs
  if (distinct.empty() || *distinct.begin() < 0) return false;
  const std::int64_t greatest = *distinct.rbegin();
  // The greatest of all stands for what int64 does not hold, see label_at().
  return greatest != std::numeric_limits<std::int64_t>::max() &&
         greatest / most_gaps >= static_cast<std::int64_t>(distinct.size());
}

Labels classes_in_order(std::span<const std::int64_t> values, const std::set<std::int64_t>& distinct) {
  const std::vector<std::int64_t> sorted(distinct.begin(), distinct.end());
  Labels labels;
  for (const std::int64_t value : sorted) labels.class_names.push_back(std::to_string(value));
  for (const std::int64_t value : values) {
    labels.numbers.push_back(
        static_cast<std::int32_t>(std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin()));
  }
  return labels;
}

/// A finite number, nothing for a text that is no number; an empty cell, NaN and infinity are errors.
std::optional<double> number_or_text(std::span<const std::string> texts, std::size_t i, const Place& place) {
  if (trimmed(texts[i]).empty()) refuse_label(place, i, "the label is empty; fill it in or remove the row");
  const std::optional<double> value = parse_number(texts[i]);
  if (value && !std::isfinite(*value)) {
    refuse_label(place, i, fmt::format("the label is {}; replace it or remove the row", shown(texts[i])));
  }
  return value;
}

}  // namespace

std::vector<std::string> number_names(std::int64_t count) {
  std::vector<std::string> names;
  for (std::int64_t k = 0; k < count; ++k) names.push_back(std::to_string(k));
  return names;
}

bool are_number_names(const std::vector<std::string>& names) {
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (names[k] != std::to_string(k)) return false;
  }
  return true;
}

Labels labels_from_classes(std::span<const std::int64_t> values, const Place& place) {
  const std::set<std::int64_t> distinct(values.begin(), values.end());
  if (are_codes(distinct)) {
    check_class_count(distinct, place);
    return classes_in_order(values, distinct);
  }
  Labels labels;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] < 0 || values[i] >= most_classes) {
      refuse_label(place, i,
                   fmt::format("label {} is no class number; number the classes from 0, below {}, or use --regression",
                               values[i], most_classes));
    }
    labels.numbers.push_back(static_cast<std::int32_t>(values[i]));
  }
  labels.class_names = number_names(distinct.empty() ? 0 : *distinct.rbegin() + 1);
  return labels;
}

Labels labels_in_order(std::span<const double> values, const Place& place) {
  assert(std::all_of(values.begin(), values.end(), is_whole));
  const std::vector<std::int64_t> whole(values.begin(), values.end());
  const std::set<std::int64_t> distinct(whole.begin(), whole.end());
  check_class_count(distinct, place);
  return classes_in_order(whole, distinct);
}

Labels labels_from_texts(std::span<const std::string> texts, const Place& place) {
  std::vector<double> whole;
  bool negative = false;
  bool codes = false;  // 01 and 1 are two names
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::optional<double> value = number_or_text(texts, i, place);
    if (!value || !is_whole(*value)) continue;
    whole.push_back(*value);
    negative |= *value < 0;
    codes |= has_zeros_in_front(trimmed(texts[i]));
  }
  if (whole.size() == texts.size() && !codes) {
    if (negative) return labels_in_order(whole, place);
    return labels_from_classes(std::vector<std::int64_t>(whole.begin(), whole.end()), place);
  }
  std::set<std::string> distinct;
  for (const std::string& text : texts) distinct.emplace(trimmed(text));
  check_class_count(distinct, place);
  return labels_like(texts, {distinct.begin(), distinct.end()}, place);
}

Labels labels_like(std::span<const std::string> texts, const std::vector<std::string>& class_names,
                   const Place& place) {
  std::map<std::string, std::int32_t, std::less<>> by_name;
  std::map<double, std::int32_t> by_number;
  std::set<double> several;  // such as 1 of the names 01 and 1
  for (std::size_t k = 0; k < class_names.size(); ++k) {
    by_name.emplace(class_names[k], static_cast<std::int32_t>(k));
    // Larger ones are several names, and a class that is called nan is no number: it would be found by each.
    const auto value = parse_number(class_names[k]);
    if (!value || !(std::fabs(*value) < 0x1p53)) continue;
    if (!by_number.emplace(*value, static_cast<std::int32_t>(k)).second) several.insert(*value);
  }
  for (const double value : several) by_number.erase(value);
  Labels labels;
  labels.class_names = class_names;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::optional<double> value = number_or_text(texts, i, place);
    const auto named = by_name.find(trimmed(texts[i]));
    const auto numbered = value ? by_number.find(*value) : by_number.end();
    if (named == by_name.end() && numbered == by_number.end()) {
      const std::string near = nearest_word(texts[i], class_names);
      refuse_label(place, i,
                   fmt::format("label \"{}\" is none of the {} classes, such as \"{}\"; correct it, or leave the "
                               "row out",
                               shown(texts[i]), class_names.size(), shown(near.empty() ? class_names[0] : near)));
    }
    labels.numbers.push_back(named != by_name.end() ? named->second : numbered->second);
  }
  return labels;
}

}  // namespace shoal
