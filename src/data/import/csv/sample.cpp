#include "sample.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "data/import/cells/date.hpp"
#include "data/import/cells/number_marks.hpp"
#include "data/import/csv_reader.hpp"
#include "data/refuse.hpp"
#include "shoal/core/digits.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::size_t rows_to_guess = 100;

/// A number with either mark.
bool is_any_number(const std::string& cell) {
  return number_of_cell(cell, '.').has_value() || number_of_cell(cell, ',').has_value();
}

/// How well a delimiter fits: cells in each row (0: rows differ, or have one cell), and the share of numbers.
struct Fit {
  std::size_t cells = 0;
  double numbers = 0.0;
};

Fit fit_of(std::string_view text, char delimiter, char row_end) {
  const auto rows = sample_rows(text, {delimiter, '.'}, row_end, rows_to_guess);
  Fit fit;
  if (rows.empty() || rows[0].size() < 2) return fit;
  std::size_t numbers = 0;
  for (const CsvCells& row : rows) {
    if (row.size() != rows[0].size()) return fit;
    for (const std::string& cell : row) {
      numbers +=
          cell.empty() || (delimiter == ',' ? number_of_cell(cell, '.').has_value() : is_any_number(cell)) ? 1 : 0;
    }
  }
  fit.cells = rows[0].size();
  fit.numbers = static_cast<double>(numbers) / static_cast<double>(rows.size() * fit.cells);
  return fit;
}

enum class Comma { none, decimal, thousands_perhaps };

/// What the comma in a cell would be, were it a number.
Comma comma_of(const std::string& cell) {
  const std::size_t comma = cell.find(',');
  if (comma == std::string::npos) return Comma::none;
  const std::string unsigned_text = cell.substr(cell.find_first_not_of("+-"));
  const std::size_t first = unsigned_text.find(',');
  bool groups = first >= 1 && first <= 3 && unsigned_text[0] != '0';
  for (std::size_t at = first; groups && at < unsigned_text.size(); at += 4) {
    groups = unsigned_text[at] == ',' && at + 4 <= unsigned_text.size() &&
             are_digits(std::string_view(unsigned_text).substr(at + 1, 3));
  }
  if (groups) return Comma::thousands_perhaps;
  return number_of_cell(cell, ',') ? Comma::decimal : Comma::none;
}

/// Of a column's dates whose year comes last, but those with points between, the first of each kind.
struct DatesSeen {
  const std::string* day_first = nullptr;  // its second number is no month
  const std::string* month_first = nullptr;
  const std::string* either = nullptr;
};

/// None where any cell is something else.
DatesSeen dates_seen(const std::vector<CsvCells>& rows, std::size_t column, const CellRules& rules) {
  DatesSeen seen;
  CsvNumber ignored;
  for (const CsvCells& row : rows) {
    if (column >= row.size()) continue;
    const std::string& cell = row[column];
    const CellKind kind = rules.kind(cell, ignored);
    if (kind == CellKind::missing || kind == CellKind::date) continue;
    const bool day = parse_date(cell, DateOrder::day_first).has_value();
    const bool month = parse_date(cell, DateOrder::month_first).has_value();
    if (!day && !month) return {};
    const std::string*& first = day && month ? seen.either : day ? seen.day_first : seen.month_first;
    if (first == nullptr) first = &cell;
  }
  return seen;
}

}  // namespace

std::string mark_name(char mark) {
  switch (mark) {
    case ',': return "comma";
    case ';': return "semicolon";
    case '\t': return "tab";
    case '|': return "pipe";
    case ' ': return "spaces";
    case '.': return "point";
    default: return fmt::format("\"{}\"", mark);
  }
}

std::vector<CsvCells> sample_rows(std::string_view text, const CsvFormat& format, char row_end, std::size_t most_rows) {
  // What is behind the last whole row is part of one, unless it is the only one.
  const std::size_t whole = last_row_end(text, format.delimiter, row_end);
  std::string held(text.substr(0, whole > 0 ? whole : text.size()));
  if (!held.empty() && held.back() != row_end) held += row_end;
  const std::size_t size = held.size();
  held.append(csv_padding, '\0');
  std::vector<CsvCells> rows;
  CsvCursor cursor(std::string_view(held).substr(0, size), format, row_end);
  try {
    while (!cursor.at_end() && rows.size() < most_rows) {
      if (cursor.skip_blank_line()) continue;
      CsvCells row;
      do {
        row.emplace_back(cursor.cell());
      } while (cursor.more());
      rows.push_back(std::move(row));
    }
  } catch (const CsvFault&) {
    // Told by the scan, with its line.
  }
  return rows;
}

CsvGuess guess_delimiter(std::string_view text, char row_end) {
  CsvGuess best{',', "no other fits"};
  Fit best_fit;
  for (const char delimiter : {',', '\t', ';', '|'}) {
    const Fit fit = fit_of(text, delimiter, row_end);
    if (fit.cells == 0 || (best_fit.cells > 0 && fit.numbers <= best_fit.numbers)) continue;
    best_fit = fit;
    best.mark = delimiter;
  }
  if (best_fit.cells == 0) {
    best_fit = fit_of(text, ' ', row_end);
    if (best_fit.cells > 0) best.mark = ' ';
  }
  if (best_fit.cells > 0) {
    best.why = fmt::format("the first rows have {} cells each by it", best_fit.cells);
    return best;
  }
  // Rows differ, which the scan tells of, or there is one column.
  constexpr char nothing = '\x1F';  // a row as one cell
  const auto rows = sample_rows(text, {nothing, '.'}, row_end, 1);
  if (rows.empty()) return best;
  for (const char delimiter : {',', '\t', ';', '|'}) {
    if (rows[0][0].find(delimiter) != std::string::npos) return {delimiter, "the first row has it"};
  }
  return {',', "the first row has one cell"};
}

CsvGuess guess_decimal(const std::vector<CsvCells>& rows, char delimiter, const std::string& file) {
  if (delimiter == ',') return {'.', "the comma is between cells"};
  const std::string* point = nullptr;
  const std::string* decimal = nullptr;
  const std::string* unsure = nullptr;
  for (const CsvCells& row : rows) {
    for (const std::string& cell : row) {
      if (point == nullptr && cell.find('.') != std::string::npos && number_of_cell(cell, '.')) point = &cell;
      const Comma comma = comma_of(cell);
      if (comma == Comma::decimal && decimal == nullptr) decimal = &cell;
      if (comma == Comma::thousands_perhaps && unsure == nullptr) unsure = &cell;
    }
  }
  if (point != nullptr && decimal != nullptr)
    throw Error(
        ExitStatus::bad_data,
        fmt::format("{}: \"{}\" has a decimal point and \"{}\" a decimal comma; say which it is by --decimal, and "
                    "write the other numbers without it",
                    file, shown(*point), shown(*decimal)));
  if (point != nullptr) return {'.', "numbers have it"};
  if (decimal != nullptr) return {',', fmt::format("numbers have it, such as {}", shown(*decimal))};
  if (unsure == nullptr) return {'.', "no number has a comma"};
  throw Error(ExitStatus::bad_data,
              fmt::format("{}: the comma in \"{}\" may be a decimal mark or part thousands; give --decimal , for the "
                          "one, --decimal . for the other",
                          file, shown(*unsure)));
}

CsvDates guess_date_order(const std::vector<CsvCells>& rows, std::span<const std::size_t> columns,
                          const CellRules& rules, const std::string& file) {
  const std::string* day = nullptr;  // a date that has its day first, or month
  const std::string* month = nullptr;
  const std::string* unsure = nullptr;
  for (const std::size_t c : columns) {
    const DatesSeen seen = dates_seen(rows, c, rules);
    if (day == nullptr) day = seen.day_first;
    if (month == nullptr) month = seen.month_first;
    if (unsure == nullptr && seen.day_first == nullptr && seen.month_first == nullptr) unsure = seen.either;
  }
  if (day != nullptr && month != nullptr)
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: \"{}\" has the day first and \"{}\" the month; write all dates alike, say which it is "
                            "by --date-order dmy or mdy, or take the other column for names with --category",
                            file, shown(*day), shown(*month)));
  if (day != nullptr) return {DateOrder::day_first, fmt::format("such as {}", shown(*day))};
  if (month != nullptr) return {DateOrder::month_first, fmt::format("such as {}", shown(*month))};
  if (unsure == nullptr) return {};
  throw Error(
      ExitStatus::bad_data,
      fmt::format("{}: \"{}\" may be a date with its day first or its month; give --date-order dmy for the one, "
                  "--date-order mdy for the other",
                  file, shown(*unsure)));
}

CsvHeader guess_header(const std::vector<CsvCells>& rows, const CellRules& rules, std::optional<std::size_t> unsure,
                       const std::string& file) {
  const CsvCells& first = rows.at(0);
  CsvNumber ignored;
  const auto kind = [&](const std::string& cell) {
    const CellKind plain = rules.kind(cell, ignored);
    return plain == CellKind::text && marks_of(cell, rules.decimal()) ? CellKind::number : plain;
  };

  // Columns whose other cells are numbers; a single row may be of numbers as well.
  std::size_t columns = 0;
  std::size_t texts = 0;
  std::size_t numbers = 0;
  const std::string* odd = nullptr;
  std::size_t odd_column = 0;
  for (std::size_t c = 0; c < first.size(); ++c) {
    if (unsure == c) continue;
    bool of_numbers = true;
    std::size_t filled = 0;
    for (std::size_t r = 1; r < rows.size() && of_numbers; ++r) {
      if (c >= rows[r].size()) continue;
      const CellKind other = kind(rows[r][c]);
      of_numbers = other != CellKind::text;
      filled += other != CellKind::missing ? 1 : 0;
    }
    if (!of_numbers || (filled == 0 && rows.size() > 1)) continue;
    ++columns;
    const CellKind mine = kind(first[c]);
    if (mine == CellKind::text) {
      ++texts;
      if (odd == nullptr) {
        odd = &first[c];
        odd_column = c;
      }
    }
    numbers += mine == CellKind::number || mine == CellKind::date ? 1 : 0;
  }

  const auto counts_from_zero = [&](std::size_t begin) {
    for (std::size_t c = begin; c < first.size(); ++c) {
      if (first[c] != std::to_string(c - begin)) return false;
    }
    return first.size() - begin >= 2;
  };
  if (counts_from_zero(0) || (first[0].empty() && counts_from_zero(1))) {
    if (first.size() == 2 && !first[0].empty())
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}:1: \"0\" and \"1\" may be the names of the columns, as pandas writes them, or a row; "
                              "say --header yes or --header no",
                              file));
    return {true, "line 1 counts the columns from 0, as pandas does"};
  }
  if (columns == 0) {
    std::set<std::string> names;
    for (const std::string& cell : first) {
      if (!cell.empty()) names.insert(cell);
    }
    bool again = names.size() < first.size();
    for (std::size_t r = 1; r < rows.size() && !again; ++r) {
      for (std::size_t c = 0; c < first.size() && c < rows[r].size(); ++c) again |= rows[r][c] == first[c];
    }
    return again ? CsvHeader{false, "line 1 has texts that occur again below"}
                 : CsvHeader{true, "line 1 has texts that do not occur again"};
  }
  if (texts == 0) return {false, "line 1 has numbers, or none, where the other lines have them"};
  if (numbers == 0) return {true, "line 1 has texts above numbers"};
  throw Error(ExitStatus::bad_data,
              fmt::format("{}:1: column {} is \"{}\" above numbers, and other cells of line 1 are numbers: it may name "
                          "the columns, or be a row with one odd cell; say --header yes, or --header no (and --missing "
                          "\"{}\" if that is a missing number)",
                          file, odd_column, shown(*odd), shown(*odd)));
}

std::optional<NumberMarks> marks_of_column(const std::vector<CsvCells>& rows, std::size_t column,
                                           const CellRules& rules) {
  std::optional<NumberMarks> marks;
  CsvNumber ignored;
  for (const CsvCells& row : rows) {
    if (column >= row.size() || rules.kind(row[column], ignored) == CellKind::missing) continue;
    const auto own = marks_of(row[column], rules.decimal());
    marks = own && marks ? marks_of_both(*own, *marks) : own;
    if (!marks) return std::nullopt;
  }
  return marks && marks->any() ? marks : std::nullopt;
}

}  // namespace shoal
