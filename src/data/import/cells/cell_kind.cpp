#include "cell_kind.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "date.hpp"
#include "shoal/data/import.hpp"

namespace shoal {

const std::vector<std::string>& usual_missing() {
  static const std::vector<std::string> spellings{
      "#N/A",   "#N/A N/A", "#NA",  "-",    "--",  "-1.#IND", "-1.#QNAN", "-NaN", "-nan", ".",
      "1.#IND", "1.#QNAN",  "<NA>", "?",    "N/A", "NA",      "NAN",      "NIL",  "NONE", "NULL",
      "NaN",    "Nan",      "None", "Null", "n/a", "na",      "nan",      "nil",  "none", "null"};
  return spellings;
}

std::optional<CsvNumber> number_of_cell(std::string_view cell, char decimal) {
  constexpr std::size_t longest = 1000;  // digits beyond change no double
  if (cell.empty() || cell.size() > longest) return std::nullopt;
  std::array<char, longest + 1 + csv_padding> text;
  char* end = std::copy(cell.begin(), cell.end(), text.data());
  *end++ = '\n';
  std::fill_n(end, csv_padding, '\0');
  CsvCursor cursor({text.data(), cell.size() + 1}, {'\n', decimal}, '\n');
  CsvNumber number;
  if (!cursor.plain_number(number) || !cursor.at_end()) return std::nullopt;
  return number;
}

CellRules::CellRules(char decimal, std::vector<std::string> missing, DateOrder date_order)
    : decimal_(decimal), date_order_(date_order), missing_(std::move(missing)) {
  for (const std::string& spelling : missing_) {
    if (const auto number = number_of_cell(spelling, decimal)) missing_values_.push_back(number->value);
  }
  std::sort(missing_.begin(), missing_.end());
}

CellKind CellRules::kind(std::string_view cell, CsvNumber& number) const {
  if (cell.empty() || std::binary_search(missing_.begin(), missing_.end(), cell)) return CellKind::missing;
  if (const auto found = number_of_cell(cell, decimal_)) {
    number = *found;
    return is_missing(number.value) ? CellKind::missing : CellKind::number;
  }
  if (const auto seconds = parse_date(cell, date_order_)) {
    number = {*seconds, false};
    return CellKind::date;
  }
  return CellKind::text;
}

CellKind CellRules::kind(std::string_view cell, const NumberMarks& marks, CsvNumber& number) const {
  if (!marks.any()) return kind(cell, number);
  if (cell.empty() || std::binary_search(missing_.begin(), missing_.end(), cell)) return CellKind::missing;
  const auto found = number_with_marks(cell, marks, decimal_);
  if (!found) return CellKind::text;
  number = *found;
  return CellKind::number;
}

}  // namespace shoal
