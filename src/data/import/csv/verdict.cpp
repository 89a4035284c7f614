#include "verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "column_checks.hpp"
#include "data/import/cells/number_marks.hpp"
#include "data/refuse.hpp"
#include "label_verdict.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/dataset.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_guessed_words = 10000;
constexpr std::size_t most_declared_words = 1000000;  // codes of 6 digits at most: see CsvRows::Form::brief_floats

bool has_text(const CsvOpened& opened, std::size_t column, const CellRules& rules) {
  CsvNumber number;
  return std::any_of(opened.rows.begin(), opened.rows.end(), [&](const CsvCells& row) {
    return column < row.size() && rules.kind(row[column], number) == CellKind::text;
  });
}

void take_words(CsvTaken& taken, std::size_t most) {
  taken.take = CsvTake::word;
  taken.most_words = most;
}

/// How a column of numbers writes them: as it is known, or as its first rows look.
void take_marks(const CsvColumn& column, std::size_t c, const CsvOpened& opened, const CellRules& rules,
                CsvTaken& taken) {
  taken.marks_known = column.marks.has_value();
  if (column.marks) {
    taken.marks = *column.marks;
  } else if (has_text(opened, c, rules)) {
    taken.marks = marks_of_column(opened.rows, c, rules).value_or(NumberMarks{});
  }
}

/// A text that no row before it led to expect, such as the first number of four digits: the column is read again with
/// its marks.
bool take_late_marks(const CsvFacts& facts, const CellRules& rules, CsvTaken& taken) {
  if (taken.marks_known || taken.marks.any()) return false;
  const auto marks = marks_of(facts.first_text->text, rules.decimal());
  if (!marks || !marks->any() || (facts.numbers > 0 && marks_of_both(*marks, {}) != marks)) return false;
  taken.marks = *marks;
  return true;
}

void take_feature(const CsvColumn& column, std::size_t c, const CsvOpened& opened, const CellRules& rules,
                  CsvTaken& taken) {
  taken.feature = true;
  taken.take = CsvTake::value;
  if (!column.type || *column.type == ColumnType::number) take_marks(column, c, opened, rules, taken);
  if (!column.type) {
    if (!taken.marks.any() && has_text(opened, c, rules)) take_words(taken, most_guessed_words);
  } else if (*column.type == ColumnType::category || *column.type == ColumnType::flag) {
    take_words(taken, most_declared_words);
  } else {
    taken.only = *column.type == ColumnType::date ? CsvOnly::dates : CsvOnly::numbers;
  }
}

/// What words are, for a column that was taken for words at once.
struct WordCount {
  std::int64_t numbers = 0;
  std::int64_t dates = 0;
  std::int64_t texts = 0;
  const CsvPlace* first_text = nullptr;
};
WordCount count_words(const CsvFacts& facts, const CellRules& rules) {
  WordCount count;
  CsvNumber number;
  for (const CsvFacts::Word& word : facts.words) {
    const CellKind kind = rules.kind(word.text, number);
    if (kind == CellKind::number) count.numbers += word.count;
    if (kind == CellKind::date) count.dates += word.count;
    if (kind != CellKind::text) continue;
    count.texts += word.count;
    if (count.first_text == nullptr) count.first_text = &word.first;
  }
  return count;
}

/// Whether a text may be meant as a number or date, such as "97 kg", "01/02/18", "1 234" and, where commas part cells,
/// "1,5".
bool may_be_number(const std::string& text) {
  const auto is_digit = [](char c) { return csv_digits::is_digit(c); };
  const auto first = std::find_if(text.begin(), text.end(), is_digit);
  if (first == text.end()) return false;
  const auto last = std::find_if(text.rbegin(), text.rend(), is_digit).base();
  const std::string core(first, last);
  return std::ssize(text) < 2 * std::count_if(first, last, is_digit) || number_of_cell(core, '.').has_value() ||
         number_of_cell(core, ',').has_value();
}

/// The first of a column's texts, where each that is not missing may be a number or date; else null.
const CsvFacts::Word* likely_number(const CsvFacts& facts, const CellRules& rules) {
  const CsvFacts::Word* first = nullptr;
  CsvNumber ignored;
  for (const CsvFacts::Word& word : facts.words) {
    if (rules.kind(word.text, ignored) == CellKind::missing) continue;
    if (!may_be_number(word.text)) return nullptr;
    if (first == nullptr) first = &word;
  }
  return first;
}

CsvFeature feature_of(const CsvColumn& column, const CsvTaken& taken, const CsvFacts& facts, const CellRules& rules,
                      std::string& reason) {
  CsvFeature feature{{column.name, column.type.value_or(ColumnType::number), {}}, taken.slot, {}};
  const bool guessed = !column.type;
  if (taken.take == CsvTake::value) {
    feature.column.marks = taken.marks;
    if (guessed && facts.dates > 0) feature.column.type = ColumnType::date;
    if (guessed && reason.empty())
      reason = facts.dates > 0     ? "all cells are dates; --category if they are names"
               : taken.marks.any() ? fmt::format("numbers such as {}; --category if they are names",
                                                 marks_text(taken.marks, rules.decimal()))
               : facts.whole && facts.first_zeros
                   ? fmt::format(
                         "whole numbers, whose zeros in front, as in {}, are lost; --category if they are "
                         "names, --id to keep them beside the rows",
                         shown(facts.first_zeros->text))
               : facts.whole ? "whole numbers; --category if they are names"
                             : "numbers; --category if they are names";
    return feature;
  }
  std::vector<std::string>& categories = feature.column.categories;
  categories = column.categories;
  for (const CsvFacts::Word& word : facts.words) categories.push_back(word.text);
  std::ranges::sort(categories);
  categories.erase(std::unique(categories.begin(), categories.end()), categories.end());
  for (const CsvFacts::Word& word : facts.words)
    feature.codes.push_back(static_cast<double>(std::ranges::lower_bound(categories, word.text) - categories.begin()));
  if (guessed) feature.column.type = categories.size() == 2 ? ColumnType::flag : ColumnType::category;
  if (guessed && reason.empty()) {
    reason = categories.size() == 2 ? "two texts; --category if there are more" : "texts; --ignore leaves them out";
    if (const CsvFacts::Word* word = likely_number(facts, rules))
      reason +=
          fmt::format(", and if \"{}\" is a number or a date, write it like 97.5 or 2018-01-28", shown(word->text));
  }
  return feature;
}

}  // namespace

std::vector<CsvTaken> first_takes(const std::vector<CsvColumn>& columns, const CsvOpened& opened,
                                  const CellRules& rules, const CsvLabelWish& wish) {
  const auto labels = std::count_if(columns.begin(), columns.end(),
                                    [](const CsvColumn& column) { return column.role == CsvRole::label; });
  std::vector<CsvTaken> takes(columns.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    CsvTaken& taken = takes[c];
    taken.name = columns[c].name;
    switch (columns[c].role) {
      case CsvRole::ignored: break;
      case CsvRole::hollow: taken.take = CsvTake::value; break;
      case CsvRole::feature: take_feature(columns[c], c, opened, rules, taken); break;
      case CsvRole::label:
        taken.take = CsvTake::value;
        if (!wish.class_names.empty() || wish.classes) {
          take_words(taken, static_cast<std::size_t>(most_classes));
          break;
        }
        take_marks(columns[c], c, opened, rules, taken);
        if (wish.targets || labels > 1) {
          taken.only = CsvOnly::numbers;
        } else if (!taken.marks.any() && has_text(opened, c, rules)) {
          take_words(taken, static_cast<std::size_t>(most_classes));
        } else {
          taken.values = true;
        }
        break;
      case CsvRole::weight:
        taken.take = CsvTake::value;
        taken.only = CsvOnly::numbers;
        taken.least = 0.0;
        break;
      case CsvRole::id: taken.take = CsvTake::text; break;
      case CsvRole::group: take_words(taken, static_cast<std::size_t>(-1)); break;
      case CsvRole::split: take_words(taken, most_guessed_words); break;
    }
  }
  return takes;
}

bool widen(const std::vector<CsvColumn>& columns, const CsvFiles& files, const CsvScan& scan, const CellRules& rules,
           std::vector<CsvTaken>& takes) {
  bool any = false;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const CsvFacts& facts = scan.facts[c];
    if (takes[c].take != CsvTake::value) continue;
    check_hollow(columns[c], files, facts);
    check_dates(files, c, columns[c], facts);
    if (facts.texts == 0) continue;
    if (take_late_marks(facts, rules, takes[c])) {
      any = true;
      continue;
    }
    if (columns[c].role == CsvRole::label) {
      if (facts.numbers > 0) refuse_label_mixture(files, *facts.first_number, *facts.first_text);
      take_words(takes[c], static_cast<std::size_t>(most_classes));
    } else {
      if (facts.numbers + facts.dates >= facts.texts)
        refuse_mixture(files, c, columns[c], *facts.first_text, facts.numbers, facts.dates, facts.texts);
      take_words(takes[c], most_guessed_words);
    }
    any = true;
  }
  return any;
}

CsvVerdict judge(const std::vector<CsvColumn>& columns, const CsvFiles& files, const CsvScan& scan,
                 const CellRules& rules, const CsvLabelWish& wish) {
  CsvVerdict verdict;
  verdict.kept.assign(columns.size(), true);
  for (const CsvColumn& column : columns) verdict.reasons.push_back(column.reason);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const CsvFacts& facts = scan.facts[c];
    switch (columns[c].role) {
      case CsvRole::feature: {
        if (!columns[c].type && scan.columns[c].take == CsvTake::word && !facts.too_many_words) {
          check_marks(files, c, columns[c], facts, rules.decimal());
          const WordCount count = count_words(facts, rules);
          const std::int64_t told = count.numbers + count.dates;
          if (count.first_text != nullptr && told > 0 && told >= count.texts)
            refuse_mixture(files, c, columns[c], *count.first_text, count.numbers, count.dates, count.texts);
        }
        if (!columns[c].type) check_merged(files, c, columns[c], facts);
        if (!columns[c].type && facts.missing == facts.cells()) {
          verdict.kept[c] = false;
          verdict.reasons[c] = "left out: every cell is missing; --category keeps it";
          break;
        }
        break;
      }
      case CsvRole::label: verdict.labels.columns.push_back(c); break;
      case CsvRole::weight:
      case CsvRole::group: check_filled(columns[c], files, facts); break;
      case CsvRole::split:
        check_filled(columns[c], files, facts);
        check_splits(columns[c], files, facts);
        break;
      default: break;
    }
  }
  check_categories(columns, files, scan);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].role == CsvRole::feature && verdict.kept[c])
      verdict.features.push_back(feature_of(columns[c], scan.columns[c], scan.facts[c], rules, verdict.reasons[c]));
  }
  judge_labels(columns, files, scan, wish, rules, verdict.labels);
  for (const std::size_t c : verdict.labels.columns) verdict.reasons[c] = verdict.labels.reason;
  return verdict;
}

}  // namespace shoal
