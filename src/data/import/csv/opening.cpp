#include "opening.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "shoal/core/error.hpp"
#include "shoal/core/utf8.hpp"
#include "shoal/data/dataset.hpp"

namespace shoal {
namespace {

constexpr std::size_t sample_bytes = std::size_t{1} << 20;
constexpr std::size_t most_sample_rows = 10000;

[[noreturn]] void refuse_empty_file(const std::string& file) {
  throw Error(ExitStatus::bad_data, fmt::format("{}: the file is empty; fetch it again", file));
}

CsvCells header_names(const CsvCells& cells, const std::string& file) {
  CsvCells names = cells;
  for (std::size_t c = 0; c < names.size(); ++c) {
    if (!is_utf8(names[c]))
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}:1: the name of column {} is not UTF-8; save the file as UTF-8", file, c));
    if (names[c].empty() && c + 1 < names.size()) names[c] = fmt::format("column_{}", c);
  }
  return names;
}

/// A delimiter at the end of every row but the header.
bool has_final_delimiter(const std::vector<CsvCells>& rows, std::size_t width) {
  return rows.size() > 1 && std::all_of(rows.begin() + 1, rows.end(), [&](const CsvCells& row) {
           return row.size() == width + 1 && row.back().empty();
         });
}

bool has_all(const CsvCells& cells, const std::vector<std::string>& names) {
  CsvCells sorted = cells;
  std::sort(sorted.begin(), sorted.end());
  // Numbers may as well be a row, of which one would be lost.
  if (std::all_of(names.begin(), names.end(), [](const auto& name) { return number_of_cell(name, '.').has_value(); }))
    return false;
  return std::all_of(names.begin(), names.end(),
                     [&](const std::string& name) { return std::binary_search(sorted.begin(), sorted.end(), name); });
}

}  // namespace

CsvOpened open_csv(const CsvFiles& files, const CsvForm& form) {
  const std::string& name = files.name(0);
  CsvBlockReader reader(files, 0);
  const std::string_view text = reader.sample(sample_bytes);
  if (text.empty()) refuse_empty_file(name);
  CsvOpened opened;
  CsvGuess delimiter{form.delimiter.value_or(','), "said"};
  if (!form.delimiter) {
    delimiter = guess_delimiter(text, reader.row_end());
    for (const char mark : {',', '\t', ';', '|', ' '}) {  // names that are known tell more than the look of rows
      const auto first = sample_rows(text, {mark, '.'}, reader.row_end(), 1);
      if (first.empty() || first[0].size() < 2 || !has_all(first[0], form.names_wanted)) continue;
      delimiter = {mark, "line 1 has the names by it"};
      break;
    }
  }
  opened.format.delimiter = delimiter.mark;
  opened.rows = sample_rows(text, opened.format, reader.row_end(), most_sample_rows);
  if (opened.rows.empty()) {
    // One row that is no row, such as an open quote: the scan says what it is.
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) refuse_empty_file(name);
    opened.rows.push_back({""});
  }
  CsvGuess decimal{form.decimal.value_or('.'), form.why_decimal};
  if (!form.decimal) decimal = guess_decimal(opened.rows, delimiter.mark, name);
  opened.format.decimal = decimal.mark;
  if (decimal.mark == delimiter.mark)
    throw Error(ExitStatus::usage,
                fmt::format("{}: a {} is both between cells and in numbers; give another --delimiter "
                            "or --decimal",
                            name, mark_name(decimal.mark)));

  CsvHeader header{form.header.value_or(false), form.why_header};
  if (!form.header) {
    header = has_all(opened.rows[0], form.names_wanted)
                 ? CsvHeader{true, "line 1 has the names"}
                 : guess_header(opened.rows, CellRules(decimal.mark, form.missing), form.unsure, name);
  }
  opened.header = header.header;
  if (has_final_delimiter(opened.rows, opened.rows[0].size())) opened.rows[0].emplace_back();
  if (header.header) {
    opened.names = header_names(opened.rows[0], name);
    opened.rows.erase(opened.rows.begin());
  } else {
    opened.names = number_names(static_cast<std::int64_t>(opened.rows[0].size()));
    const bool hollow =
        opened.names.size() > 1 && std::all_of(opened.rows.begin(), opened.rows.end(), [&](const auto& row) {
          return row.size() == opened.names.size() && row.back().empty();
        });
    if (hollow) opened.names.back().clear();
  }
  opened.notes = {
      fmt::format("line 1 {} ({}; --header yes|no)", header.header ? "names the columns" : "is a row", header.why),
      fmt::format("between cells: {} ({}; --delimiter)", mark_name(delimiter.mark), delimiter.why),
      fmt::format("decimal mark: {} ({}; --decimal)", mark_name(decimal.mark), decimal.why),
      fmt::format("text: {}, lines end in {}", reader.encoding(),
                  reader.row_end() == '\r'                      ? "CR"
                  : text.find("\r\n") == std::string_view::npos ? "LF"
                                                                : "CR LF")};
  return opened;
}

CsvCells names_of_file(const CsvFiles& files, std::size_t file, const CsvFormat& format, bool header) {
  CsvBlockReader reader(files, file);
  const std::string_view text = reader.sample(sample_bytes);
  auto rows = sample_rows(text, format, reader.row_end(), most_sample_rows);
  if (rows.empty()) refuse_empty_file(files.name(file));
  if (has_final_delimiter(rows, rows[0].size())) rows[0].emplace_back();
  return header ? header_names(rows[0], files.name(file)) : number_names(static_cast<std::int64_t>(rows[0].size()));
}

}  // namespace shoal
