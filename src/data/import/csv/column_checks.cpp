#include "column_checks.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/import/cells/number_marks.hpp"
#include "data/import/splits.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/dataset.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_guessed_categories = 1000;

std::string column_text(std::size_t c, const CsvColumn& column) {
  return fmt::format("column {} (\"{}\")", c, shown(column.name));
}

}  // namespace

void refuse_mixture(const CsvFiles& files, std::size_t c, const CsvColumn& column, const CsvPlace& text,
                    std::int64_t numbers, std::int64_t dates, std::int64_t texts) {
  const bool days = dates > numbers;
  refuse(
      fmt::format("{}: {} is \"{}\", not a {}, and {} of its {} cells are {}; correct it, call it missing with "
                  "--missing \"{}\", or call all of them names with --category {}",
                  place_text(files, text), column_text(c, column), shown(text.text),
                  days ? "date such as 2018-01-28" : "number", days ? dates : numbers, numbers + dates + texts,
                  days ? "dates" : "numbers", shown(text.text), shown(column.name)));
}

void check_marks(const CsvFiles& files, std::size_t c, const CsvColumn& column, const CsvFacts& facts, char decimal) {
  std::optional<NumberMarks> marks;
  const CsvFacts::Word* odd = nullptr;
  for (const CsvFacts::Word& word : facts.words) {
    const auto own = marks_of(word.text, decimal);
    if (!own) return;
    const auto both = marks ? marks_of_both(*own, *marks) : own;
    if (!both && odd == nullptr) odd = &word;
    if (both) marks = both;
  }
  if (odd == nullptr) return;
  refuse(
      fmt::format("{}: {} is \"{}\", and \"{}\" at {}: write all numbers alike, or call all of them names with "
                  "--category {}",
                  place_text(files, odd->first), column_text(c, column), shown(odd->text),
                  shown(facts.words.front().text), place_text(files, facts.words.front().first), shown(column.name)));
}

void check_merged(const CsvFiles& files, std::size_t c, const CsvColumn& column, const CsvFacts& facts) {
  if (!facts.first_merged || !facts.whole) return;
  refuse(
      fmt::format("{}: {} is {}, and as numbers such whole ones (2^53 and more) become one with their neighbours; "
                  "keep it beside the rows with --id {}, take it for names with --category, leave it out with "
                  "--ignore, or declare it a number by --columns",
                  place_text(files, *facts.first_merged), column_text(c, column), shown(facts.first_merged->text),
                  shown(column.name)));
}

void check_categories(const std::vector<CsvColumn>& columns, const CsvFiles& files, const CsvScan& scan) {
  constexpr std::int64_t few = 20;
  std::vector<std::string> names;
  std::string what;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const CsvFacts& facts = scan.facts[c];
    if (columns[c].role != CsvRole::feature || scan.columns[c].take != CsvTake::word) continue;
    if (columns[c].type) {
      if (columns[c].declared && *columns[c].type == ColumnType::flag && facts.words.size() > 2)
        refuse(fmt::format(
            "{}: {} is declared a flag, which has two texts, and \"{}\" is a third; declare it a "
            "category",
            place_text(files, facts.words[2].first), column_text(c, columns[c]), shown(facts.words[2].text)));
      if (facts.too_many_words)
        refuse(fmt::format("{}: {} has more than {} different texts; leave it out with --ignore {}", files.name(0),
                           column_text(c, columns[c]), scan.columns[c].most_words, shown(columns[c].name)));
      continue;
    }
    const auto distinct = static_cast<std::int64_t>(facts.words.size());
    const bool nearly_all = facts.texts >= few && distinct * 10 > facts.texts * 9;
    if (distinct <= most_guessed_categories && !nearly_all) continue;
    if (names.empty())
      what = fmt::format("{} has {}{} different texts in {} rows", column_text(c, columns[c]),
                         facts.too_many_words ? "more than " : "", distinct, facts.texts);
    names.push_back(columns[c].name);
  }
  if (names.empty()) return;
  constexpr std::size_t told = 10;
  const std::string all = fmt::format(
      "{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(told, names.size())), ","));
  refuse(fmt::format(
      "{}: {}{}, too many to learn each; leave out with --ignore {}, keep beside the rows with --id, or "
      "take for categories with --category",
      files.name(0), what, names.size() > 1 ? fmt::format(", and {} more columns are alike", names.size() - 1) : "",
      names.size() > told ? all + ",..." : all));
}

void check_filled(const CsvColumn& column, const CsvFiles& files, const CsvFacts& facts) {
  if (facts.missing == 0) return;
  refuse(fmt::format("{}: the {} in column \"{}\" is missing, as in {} of {} rows; fill it in or remove the row",
                     place_text(files, *facts.first_missing), role_name(column.role), shown(column.name), facts.missing,
                     facts.cells()));
}

void check_splits(const CsvColumn& column, const CsvFiles& files, const CsvFacts& facts) {
  for (const CsvFacts::Word& word : facts.words) {
    if (split_named(word.text)) continue;
    refuse(fmt::format("{}: column \"{}\" says the split \"{}\"; use one of {}", place_text(files, word.first),
                       shown(column.name), shown(word.text), split_names_taken()));
  }
}

void check_hollow(const CsvColumn& column, const CsvFiles& files, const CsvFacts& facts) {
  if (column.role != CsvRole::hollow || facts.cells() == facts.missing) return;
  const CsvPlace& place = facts.first_number ? *facts.first_number : facts.first_text ? *facts.first_text : CsvPlace{};
  refuse(fmt::format("{}: a cell behind the final delimiter of line 1; name its column, or remove it",
                     place_text(files, place)));
}

void check_dates(const CsvFiles& files, std::size_t c, const CsvColumn& column, const CsvFacts& facts) {
  if (facts.numbers == 0 || facts.dates == 0) return;
  refuse(fmt::format("{}: {} has a number, and dates in {} of {} rows; write all of them alike, or use --ignore {}",
                     place_text(files, *facts.first_number), column_text(c, column), facts.dates, facts.cells(),
                     shown(column.name)));
}

}  // namespace shoal
