#include "label_verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/import/cells/number_marks.hpp"
#include "data/import/labels.hpp"
#include "data/import/number_labels.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/dataset.hpp"

namespace shoal {
namespace {

/// Rows without a label, and a spelling of a missing number that may be a class as well.
void check_missing(const CsvFiles& files, const CsvFacts& facts, const CsvLabelWish& wish, const std::string& name) {
  if (facts.missing > 0 && facts.missing == facts.cells())
    refuse(fmt::format(
        "{}: no row has a label: column \"{}\" is missing in {} of {}; fill it in, or name another column "
        "with --label{}",
        files.name(0), shown(name), facts.missing, counted(facts.cells(), "row"),
        facts.first_spelled ? ", or use --classes if \"" + shown(facts.first_spelled->text) + "\" is a name" : ""));
  if (facts.missing == 0 || wish.drop_unlabelled) return;
  if (facts.first_spelled) {
    refuse(fmt::format(
        "{}: label \"{}\" is no number, but \"{}\" at {} is; if it is missing, as in {} of {} rows, leave "
        "them out with --drop-unlabelled; if labels are names of classes, use --classes",
        place_text(files, *facts.first_spelled), shown(facts.first_spelled->text),
        shown(facts.first_number ? facts.first_number->text : ""),
        facts.first_number ? place_text(files, *facts.first_number) : "no place", facts.missing, facts.cells()));
  }
  refuse(
      fmt::format("{}: the label is empty, as in {} of {} rows of column \"{}\"; fill it in, or leave such rows out "
                  "with --drop-unlabelled",
                  place_text(files, *facts.first_missing), facts.missing, facts.cells(), shown(name)));
}

void check_range(const CsvFiles& files, const CsvFacts& facts, const std::string& name) {
  constexpr double most = std::numeric_limits<float>::max();
  const double largest = std::max(std::fabs(facts.least), std::fabs(facts.greatest));
  if (facts.numbers > 0 && largest > most)
    refuse(fmt::format("{}: target \"{}\" reaches {}, too large for float32; rescale the targets", files.name(0),
                       shown(name), largest));
}

NumberVerdict verdict_of(const CsvFacts& facts, const CsvTaken& taken, char decimal) {
  if (facts.dates > 0) return {false, "dates"};
  if (taken.marks.any())
    return {false, fmt::format("numbers such as {}; --classes if they are names", marks_text(taken.marks, decimal))};
  const auto distinct =
      facts.too_many_values ? most_counted_numbers + 1 : static_cast<std::int64_t>(facts.values.size());
  return judge_numbers({facts.numbers, distinct, facts.whole, facts.least, facts.greatest});
}

/// Codes mostly, which two rows share then that have others.
void check_merged(const CsvFiles& files, const CsvFacts& facts) {
  if (!facts.first_merged || !facts.whole) return;
  refuse(
      fmt::format("{}: label {}: as numbers such whole ones (2^53 and more) become one with their neighbours; use "
                  "--classes if they are names, --regression if they are numbers to predict",
                  place_text(files, *facts.first_merged), shown(facts.first_merged->text)));
}

/// Classes that are numbers, given the numbers that occur.
void take_number_classes(const std::vector<double>& values, const Place& place, CsvLabels& labels) {
  Labels numbered;
  if (!values.empty() && values.front() < 0.0) {
    numbered = labels_in_order(values, place);
  } else {
    numbered = labels_from_classes(std::vector<std::int64_t>(values.begin(), values.end()), place);
  }
  labels.class_names = std::move(numbered.class_names);
  labels.values = values;
  labels.value_classes = std::move(numbered.numbers);
}

void judge_words(const CsvFiles& files, const CsvFacts& facts, const CsvLabelWish& wish, const CellRules& rules,
                 CsvLabels& labels) {
  if (facts.too_many_words)
    refuse(
        fmt::format("{}: the labels make more than {} classes; is this the right column? For numbers to predict, use "
                    "--regression",
                    files.name(0), most_classes));
  if (wish.two_classes && facts.words.size() > 2)
    refuse(
        fmt::format("{}: the label is declared a flag, which has two texts, and \"{}\" is a third; declare it a "
                    "category",
                    place_text(files, facts.words[2].first), shown(facts.words[2].text)));
  std::vector<std::string> texts;
  for (const CsvFacts::Word& word : facts.words) texts.push_back(word.text);
  const Place place = [&](std::size_t i) { return place_text(files, facts.words[i].first); };
  Labels named;
  if (!wish.class_names.empty()) {
    named = labels_like(texts, wish.class_names, place);
    labels.reason = fmt::format("the classes of {}", wish.class_owner);
  } else {
    if (!wish.classes) {  // a text was seen early: is each of them one?
      const CsvPlace* number = nullptr;
      const CsvPlace* text = nullptr;
      CsvNumber ignored;
      for (const CsvFacts::Word& word : facts.words) {
        const CellKind kind = rules.kind(word.text, ignored);
        const bool value = kind == CellKind::number || kind == CellKind::date;
        if (value && number == nullptr) number = &word.first;
        if (kind == CellKind::text && text == nullptr) text = &word.first;
      }
      if (number != nullptr && text != nullptr) refuse_label_mixture(files, *number, *text);
    }
    named = labels_from_texts(texts, place);
    labels.reason = wish.classes ? wish.said_by : "texts; --label if another column is meant";
  }
  labels.class_names = std::move(named.class_names);
  labels.codes.assign(named.numbers.begin(), named.numbers.end());
}

}  // namespace

void refuse_label_mixture(const CsvFiles& files, const CsvPlace& number, const CsvPlace& text) {
  refuse(
      fmt::format("{}: label \"{}\" is no number, but \"{}\" at {} is; if labels are numbers, correct it or remove the "
                  "row; if they are names of classes, use --classes",
                  place_text(files, text), shown(text.text), shown(number.text), place_text(files, number)));
}

void judge_labels(const std::vector<CsvColumn>& columns, const CsvFiles& files, const CsvScan& scan,
                  const CsvLabelWish& wish, const CellRules& rules, CsvLabels& labels) {
  for (const std::size_t c : labels.columns) {
    check_missing(files, scan.facts[c], wish, columns[c].name);
    labels.any_missing |= scan.facts[c].missing > 0;
  }
  if (labels.columns.empty()) return;
  for (const std::size_t column : labels.columns) {
    if (labels.columns.size() > 1 && scan.columns[column].take == CsvTake::word)
      throw Error(ExitStatus::bad_data,
                  fmt::format("label \"{}\" holds texts, and several labels are numbers to predict; give one label of "
                              "classes, or labels that are numbers",
                              shown(columns[column].name)));
  }
  const std::size_t c = labels.columns.front();
  const CsvFacts& facts = scan.facts[c];
  if (scan.columns[c].take == CsvTake::word) return judge_words(files, facts, wish, rules, labels);
  if (scan.columns[c].values) {
    check_merged(files, facts);
    const NumberVerdict verdict = verdict_of(facts, scan.columns[c], rules.decimal());
    labels.reason = (verdict.classes ? "" : "targets: ") + verdict.reason;
    if (verdict.classes) {
      std::vector<double> values;
      for (const auto& [value, seen] : facts.values) values.push_back(value);
      const Place place = [&](std::size_t i) {
        return place_text(files, std::next(facts.values.begin(), static_cast<std::ptrdiff_t>(i))->second.first);
      };
      return take_number_classes(values, place, labels);
    }
  } else {
    labels.reason =
        "targets: " + (labels.columns.size() > 1 ? "several labels; --label with one for classes" : wish.said_by);
  }
  for (const std::size_t column : labels.columns) check_range(files, scan.facts[column], columns[column].name);
}

}  // namespace shoal
