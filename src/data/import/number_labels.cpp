#include "number_labels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "csv_reader.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/dataset.hpp"

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

/// Whether float32 tells the value, as it does texts of so few digits where it has all of its own.
bool is_brief(double value) {
  const auto narrow = static_cast<float>(value);
  return static_cast<double>(narrow) == value || (std::fabs(narrow) >= std::numeric_limits<float>::min() &&
                                                  parse_number(fmt::format("{:.6g}", value)) == value);
}

/// What `name` makes of the numbers that occur.
/// @param name  gives the Labels of some numbers, which stand at a Place
template <class Name>
NumberLabels classes_by(const NumberSurvey& survey, const Place& place, const Name& name) {
  const auto found = survey.distinct();
  if (!found)
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: the labels make more than {} classes; is this the right column? For numbers to "
                            "predict, use --regression",
                            place(0), most_classes));
  std::vector<double> values;
  for (const auto& [value, first] : *found) values.push_back(value);
  Labels named = name(std::span<const double>(values), [&](std::size_t i) { return place((*found)[i].first); });
  NumberLabels labels{.class_names = std::move(named.class_names)};
  for (std::size_t i = 0; i < values.size(); ++i) labels.classes.emplace_back(values[i], named.numbers[i]);
  std::ranges::sort(labels.classes);
  return labels;
}

/// Of numbers that are classes.
Labels named_by_numbers(std::span<const double> values, const NumberFacts& facts, const Place& place) {
  if (!facts.whole || facts.greatest >= 0x1p53 || facts.least <= -0x1p53)
    return labels_from_texts(texts_of(values), place);
  if (facts.least < 0.0) return labels_in_order(values, place);
  return labels_from_classes(std::vector<std::int64_t>(values.begin(), values.end()), place);
}

/// Rows of numbers, each made T by `make`.
template <class T, class Make>
Column made_of(std::shared_ptr<const LabelNumbers> numbers, std::int64_t first, std::vector<std::int64_t> shape,
               Make make) {
  Column column{element_type_of<T>(), std::move(shape)};
  column.concurrent = true;
  column.copy_rows = [numbers = std::move(numbers), first, make = std::move(make)](std::span<const std::int64_t> rows,
                                                                                   std::span<std::byte> out) {
    constexpr std::int64_t rows_at_once = 4096;
    const auto width = static_cast<std::size_t>(numbers->width());
    auto* to = reinterpret_cast<T*>(out.data());
    std::vector<double> some;
    for (std::size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
      while (end < rows.size() && rows[end] < rows[begin] + rows_at_once) ++end;
      some.resize(static_cast<std::size_t>(rows[end - 1] - rows[begin] + 1) * width);
      numbers->read(first + rows[begin], some);
      for (std::size_t i = begin; i < end; ++i) {
        const double* const row = some.data() + static_cast<std::size_t>(rows[i] - rows[begin]) * width;
        for (std::size_t v = 0; v < width; ++v) *to++ = make(row[v]);
      }
    }
  };
  return column;
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

void NumberSurvey::add(double value) {
  const std::size_t place = next_++;
  if (!beyond_float_ && !std::isfinite(static_cast<float>(value))) beyond_float_ = Found{value, place};
  if (!not_finite_ && !std::isfinite(value)) not_finite_ = Found{value, place};
  if (!std::isfinite(value)) return;
  facts_.least = facts_.count == 0 ? value : std::min(facts_.least, value);
  facts_.greatest = facts_.count == 0 ? value : std::max(facts_.greatest, value);
  facts_.whole = facts_.whole && std::floor(value) == value;
  fits_float_ = fits_float_ && is_brief(value);
  ++facts_.count;
  if (static_cast<std::int64_t>(first_of_.size()) <= most_classes)
    first_of_.emplace(std::bit_cast<std::uint64_t>(value + 0.0), place);  // -0 is 0
  facts_.distinct = std::ssize(first_of_);
}

std::optional<std::vector<NumberSurvey::Found>> NumberSurvey::distinct() const {
  if (std::ssize(first_of_) > most_classes) return std::nullopt;
  std::vector<Found> found;
  for (const auto& [bits, first] : first_of_) found.push_back({std::bit_cast<double>(bits), first});
  std::ranges::sort(found, {}, &Found::first);
  return found;
}

std::int32_t NumberLabels::class_of(double value) const {
  return std::ranges::lower_bound(classes, value, {}, &std::pair<double, std::int32_t>::first)->second;
}

NumberLabels labels_of_numbers(const NumberSurvey& survey, LabelWish wish, const Place& place) {
  const auto because = [](NumberLabels labels, const std::string& reason) {
    labels.reason = reason;
    return labels;
  };
  if (wish == LabelWish::regression) return because(targets_of_numbers(survey, place), "targets: --regression");
  if (const auto& odd = survey.not_finite())
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: the label is {}; replace it or remove the row", place(odd->first), odd->value));
  NumberVerdict verdict = judge_numbers(survey.facts());
  if (wish == LabelWish::classes) verdict = {true, "--classes"};
  if (!verdict.classes) return because(targets_of_numbers(survey, place), "targets: " + verdict.reason);
  const auto name = [&](std::span<const double> values, const Place& where) {
    return named_by_numbers(values, survey.facts(), where);
  };
  return because(classes_by(survey, place, name), "classes: " + verdict.reason);
}

NumberLabels targets_of_numbers(const NumberSurvey& survey, const Place& place) {
  if (const auto& large = survey.beyond_float())
    throw Error(ExitStatus::bad_data, fmt::format("{}: target {} is too large for float32; rescale the targets",
                                                  place(large->first), large->value));
  return {.fits_float = survey.fits_float()};
}

NumberLabels classes_in_order(const NumberSurvey& survey, const Place& place) {
  return classes_by(survey, place, labels_in_order);
}

NumberLabels number_labels_like(const NumberSurvey& survey, const std::vector<std::string>& class_names,
                                const Place& place) {
  if (class_names.empty()) return targets_of_numbers(survey, place);
  return classes_by(survey, place, [&](std::span<const double> values, const Place& where) {
    return labels_like(texts_of(values), class_names, where);
  });
}

void say_empty_classes(const NumberLabels& labels, const std::string& file) {
  std::vector<bool> empty(labels.class_names.size(), true);
  for (const auto& [value, k] : labels.classes) empty[static_cast<std::size_t>(k)] = false;
  const auto first = std::ranges::find(empty, true);
  if (first == empty.end()) return;
  const auto without = std::ranges::count(empty, true);
  log_warning(
      fmt::format("{}: {} of {} classes {} no row, the first is \"{}\": class k is label k, also where labels "
                  "begin at 1",
                  file, without, empty.size(), without == 1 ? "has" : "have",
                  labels.class_names[static_cast<std::size_t>(first - empty.begin())]));
}

void LabelNumbers::add(std::span<const double> rows) {
  for (const double value : rows) survey_.add(value);
  spool_.append(std::as_bytes(rows));
  rows_ += std::ssize(rows) / width_;
}

void LabelNumbers::read(std::int64_t first, std::span<double> rows) const {
  const auto row_bytes = width_ * static_cast<std::int64_t>(sizeof(double));
  spool_.read(first * row_bytes, std::as_writable_bytes(rows));
}

Column label_column(std::shared_ptr<const LabelNumbers> numbers, std::int64_t first, const NumberLabels& labels,
                    const std::vector<std::int64_t>& shape) {
  if (!labels.class_names.empty())
    return made_of<std::int32_t>(std::move(numbers), first, {},
                                 [labels](double value) { return labels.class_of(value); });
  if (labels.fits_float)
    return made_of<float>(std::move(numbers), first, shape, [](double value) { return static_cast<float>(value); });
  return made_of<double>(std::move(numbers), first, shape, [](double value) { return value; });
}

}  // namespace shoal
