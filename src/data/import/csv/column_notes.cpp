#include "column_notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <set>

#include "data/import/cells/cell_kind.hpp"
#include "data/import/splits.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::int64_t fewest_numbered = 20;  // of fewer rows, as many years may follow one another
constexpr std::int64_t fewest_of_a_code = 5;  // a few may be what was measured
constexpr double far_from_others = 10.0;      // times as far as these are from each other

/// Codes such as 01234 are numbers, unless someone says otherwise, and two of them may become one.
std::string note_on_zeros(const CsvColumn& column, const CsvFacts& facts, const CsvFiles& files) {
  if (!facts.first_zeros || !facts.whole) return "";
  return fmt::format("column \"{}\": zeros in front of whole numbers, as in {} ({}), are lost; {}", shown(column.name),
                     shown(facts.first_zeros->text), place_text(files, *facts.first_zeros),
                     column.role == CsvRole::label
                         ? "--classes keeps them in the names of classes"
                         : "if they are names, use --category, or --id to keep them beside the rows");
}

std::string note_on_zones(const CsvColumn& column, const CsvFacts& facts, const CsvFiles& files) {
  if (facts.zoned == 0 || facts.zoned == facts.dates) return "";
  return fmt::format("column \"{}\": {} of {} dates say no zone, as {} ({}), and count as UTC", shown(column.name),
                     facts.dates - facts.zoned, facts.dates, shown(facts.first_not_zoned->text),
                     place_text(files, *facts.first_not_zoned));
}

/// As many whole numbers as there are rows, with none between that does not occur: by their range, and as far as the
/// first rows tell. Where rows are sorted, such a number gives their classes away.
std::string note_on_numbering(const CsvColumn& column, std::size_t c, const CsvFacts& facts, const CsvOpened& opened) {
  if (column.role != CsvRole::feature || !facts.whole || facts.numbers != facts.cells() ||
      facts.numbers < fewest_numbered || facts.greatest - facts.least != static_cast<double>(facts.numbers - 1))
    return "";
  std::set<double> seen;
  for (const CsvCells& row : opened.rows) {
    const auto number = c < row.size() ? number_of_cell(row[c], opened.format.decimal) : std::nullopt;
    if (!number || !seen.insert(number->value).second) return "";
  }
  return fmt::format(
      "column \"{}\" numbers the rows, from {} to {}; if it says nothing else of them, leave it out with "
      "--ignore, or keep it beside them with --id",
      shown(column.name), facts.least, facts.greatest);
}

/// Names of splits, two of them at least, that would be learnt from.
std::string note_on_splits(const CsvColumn& column, const CsvFacts& facts) {
  if (column.role != CsvRole::feature) return "";
  std::set<OwnSplit> splits;
  for (const CsvFacts::Word& word : facts.words) {
    const std::optional<OwnSplit> split = split_named(word.text);
    if (!split) return "";
    splits.insert(*split);
  }
  if (splits.size() < 2) return "";
  return fmt::format(
      "column \"{}\" names splits and is learnt from; --split takes the split of each row from it, --ignore leaves it "
      "out",
      shown(column.name));
}

struct NumbersBeside {
  std::int64_t equal = 0;   // to a number
  std::int64_t others = 0;  // and all others, their least and greatest
  double least = std::numeric_limits<double>::infinity();
  double greatest = -std::numeric_limits<double>::infinity();
};

NumbersBeside numbers_beside(double number, std::size_t c, const CsvOpened& opened) {
  NumbersBeside beside;
  for (const CsvCells& row : opened.rows) {
    const auto cell = c < row.size() ? number_of_cell(row[c], opened.format.decimal) : std::nullopt;
    if (!cell) continue;
    if (cell->value == number) {
      ++beside.equal;
    } else {
      ++beside.others;
      beside.least = std::min(beside.least, cell->value);
      beside.greatest = std::max(beside.greatest, cell->value);
    }
  }
  return beside;
}

/// A number such as -999 that stands where one is missing, by its distance from all others, and as far as the first
/// rows tell. Mean and deviation would be those of the code.
std::string note_on_code(const CsvColumn& column, std::size_t c, const CsvFacts& facts, const CsvOpened& opened) {
  if (column.role != CsvRole::feature || facts.numbers == 0 || facts.texts + facts.dates > 0) return "";
  for (const bool low : {true, false}) {
    const double code = low ? facts.least : facts.greatest;
    const NumbersBeside beside = numbers_beside(code, c, opened);
    if (beside.equal < fewest_of_a_code || beside.others < fewest_numbered) continue;
    // Of the others the end that is away from the code is known of the whole file.
    const double least = low ? beside.least : facts.least;
    const double greatest = low ? facts.greatest : beside.greatest;
    const double gap = low ? least - code : code - greatest;
    if (!(greatest > least && gap > far_from_others * (greatest - least))) continue;
    return fmt::format(
        "column \"{}\": {} is far from all other numbers, {} to {}, and in {} of the first {}; if it stands for a "
        "missing one, name it with --missing, beside other spellings of the file",
        shown(column.name), code, least, greatest, beside.equal, counted(std::ssize(opened.rows), "row"));
  }
  return "";
}

}  // namespace

std::vector<std::string> column_notes(const std::vector<CsvColumn>& columns, const std::vector<bool>& kept,
                                      const CsvFiles& files, const CsvOpened& opened, const CsvScan& scan) {
  std::vector<std::string> notes;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const CsvColumn& column = columns[c];
    const bool taken = (column.role == CsvRole::feature && kept[c]) || column.role == CsvRole::label;
    if (!taken) continue;
    std::vector<std::string> said{note_on_zones(column, scan.facts[c], files)};
    if (!column.type) {
      said.push_back(note_on_zeros(column, scan.facts[c], files));
      said.push_back(note_on_splits(column, scan.facts[c]));
      said.push_back(note_on_numbering(column, c, scan.facts[c], opened));
      said.push_back(note_on_code(column, c, scan.facts[c], opened));
    }
    std::copy_if(said.begin(), said.end(), std::back_inserter(notes), [](const auto& note) { return !note.empty(); });
  }
  return notes;
}

}  // namespace shoal
