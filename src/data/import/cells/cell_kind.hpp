#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cursor.hpp"
#include "shoal/data/columns.hpp"

namespace shoal {

enum class CellKind { missing, number, date, text };

/// What a cell says where a number or date is looked for. One rule, for training and prediction alike.
class CellRules {
 public:
  /// @param missing  spellings of a missing number, beside the empty cell; one that is a number means every cell of
  ///                 that value
  CellRules(char decimal, std::vector<std::string> missing, DateOrder date_order = DateOrder::none);

  /// @param cell  without blanks around it
  CellKind kind(std::string_view cell, CsvNumber& number) const;
  /// In a column whose numbers have marks: one without them is a text, as it may mean another quantity.
  CellKind kind(std::string_view cell, const NumberMarks& marks, CsvNumber& number) const;
  char decimal() const { return decimal_; }
  bool is_missing(double value) const {
    for (const double m : missing_values_) {
      if (value == m) return true;
    }
    return false;
  }

 private:
  char decimal_;
  DateOrder date_order_;
  std::vector<std::string> missing_;  // sorted
  std::vector<double> missing_values_;
};

/// Whether a text begins with 0 and another digit, as codes do, and no number has to: 01234.
inline bool has_zeros_in_front(std::string_view text) {
  return text.size() > 1 && text[0] == '0' && csv_digits::is_digit(text[1]);
}

/// The number that a cell is; nothing for another text, and for what no double holds.
std::optional<CsvNumber> number_of_cell(std::string_view cell, char decimal);

/// The same of one with such marks.
std::optional<CsvNumber> number_with_marks(std::string_view cell, const NumberMarks& marks, char decimal);

}  // namespace shoal
