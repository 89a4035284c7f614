#include "number_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"

namespace shoal {
namespace {

constexpr std::int64_t always_few = 20;
constexpr std::int64_t rows_for_a_class = 20;  // on average, of more than always_few

std::vector<std::string> texts_of(std::span<const double> values) {
  std::vector<std::string> texts;
  texts.reserve(values.size());
  for (const double value : values) texts.push_back(fmt::format("{}", value));
  return texts;
}

NumberFacts facts_of(std::span<const double> values) {
  NumberFacts facts;
  std::set<double> seen;
  for (const double value : values) {
    facts.least = facts.count == 0 ? value : std::min(facts.least, value);
    facts.greatest = facts.count == 0 ? value : std::max(facts.greatest, value);
    facts.whole = facts.whole && std::floor(value) == value;
    ++facts.count;
    if (static_cast<std::int64_t>(seen.size()) <= most_counted_numbers) seen.insert(value);
  }
  facts.distinct = static_cast<std::int64_t>(seen.size());
  return facts;
}

/// Of numbers that are classes.
Labels classes_of(std::span<const double> values, const NumberFacts& facts, const Place& place) {
  if (!facts.whole || facts.greatest >= 0x1p53 || facts.least <= -0x1p53)
    return labels_from_texts(texts_of(values), place);
  if (facts.least < 0.0) return labels_from_numbers(values, place);
  return labels_from_classes(std::vector<std::int64_t>(values.begin(), values.end()), place);
}

}  // namespace

NumberVerdict judge_numbers(const NumberFacts& facts) {
  if (!facts.whole) return {false, "not all numbers are whole; --classes if they are names"};
  if (facts.greatest >= 0x1p53) return {false, "some are 2^53 or more; --classes if they are names"};
  if (facts.distinct > most_counted_numbers)
    return {false,
            fmt::format("more than {} different whole numbers; --classes if they are names", most_counted_numbers)};
  const bool signs = facts.least == -1.0 && facts.greatest == 1.0 && facts.distinct == 2;
  if (signs) return {true, "-1 and 1; --regression if they are numbers to predict"};
  if (facts.least < 0.0) return {false, "some are below 0; --classes if they are names"};
  if (facts.distinct > always_few && facts.count < facts.distinct * rows_for_a_class)
    return {false, fmt::format("{} different whole numbers in {} rows; --classes if they are names", facts.distinct,
                               facts.count)};
  return {true, fmt::format("{} different whole {}; --regression if they are numbers to predict", facts.distinct,
                            facts.distinct == 1 ? "number" : "numbers")};
}

LabelWish label_wish(bool classes, bool regression) {
  if (classes && regression)
    throw Error(ExitStatus::usage,
                "--classes says that labels are classes, and --regression that they are numbers; leave out one");
  if (classes) return LabelWish::classes;
  return regression ? LabelWish::regression : LabelWish::found_out;
}

NumberLabels labels_of_numbers(std::span<const double> values, LabelWish wish, const Place& place) {
  if (wish == LabelWish::regression) return {targets_from_numbers(values, place), "targets: --regression"};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}: the label is {}; replace it or remove the row", place(i), values[i]));
  }
  const NumberFacts facts = facts_of(values);
  NumberVerdict verdict = judge_numbers(facts);
  if (wish == LabelWish::classes) verdict = {true, "--classes"};
  if (!verdict.classes) return {targets_from_numbers(values, place), "targets: " + verdict.reason};
  return {classes_of(values, facts, place), "classes: " + verdict.reason};
}

void say_empty_classes(const Labels& labels, const std::string& file) {
  std::vector<bool> empty(labels.class_names.size(), true);
  for (const std::int32_t k : labels.numbers) empty[static_cast<std::size_t>(k)] = false;
  const auto first = std::ranges::find(empty, true);
  if (first == empty.end()) return;
  log_warning(
      fmt::format("{}: {} of {} classes have no row, the first is \"{}\": class k is label k, also where labels "
                  "begin at 1",
                  file, std::ranges::count(empty, true), empty.size(),
                  labels.class_names[static_cast<std::size_t>(first - empty.begin())]));
}

Labels number_labels_like(std::span<const double> values, const std::vector<std::string>& class_names,
                          const Place& place) {
  if (class_names.empty()) return targets_from_numbers(values, place);
  return labels_like(texts_of(values), class_names, place);
}

}  // namespace shoal
