#pragma once

// What the columns of a data set are that was made from a table: kept in the data set, which holds them before any
// encoding, and in checkpoints of models that were trained on it.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shoal {

enum class ColumnType {
  number,    ///< as it is in the file
  category,  ///< one of several texts; x holds which, counted from 0
  flag,      ///< one of two texts; like a category
  date,      ///< a date or time: seconds since 1970 UTC, a number
};
std::string_view column_type_name(ColumnType type);  ///< "number", ...
/// @throws Error(bad_data)  for another word, naming those that there are
ColumnType column_type_named(std::string_view name);

/// How dates are written whose year comes last with a slash or dash between, such as 01/28/2018.
enum class DateOrder { none, day_first, month_first };  ///< none: there are no such dates
/// "dmy" or "mdy"; of none "".
std::string_view date_order_name(DateOrder order);
/// Nothing for another word.
std::optional<DateOrder> date_order_named(std::string_view name);

/// What stands around the digits of each number of a column in the file, such as $1,000 or 97 %.
struct NumberMarks {
  std::string before;      ///< a sign of a currency
  std::string behind;      ///< or "%"
  bool thousands = false;  ///< large numbers may have a mark after each three digits

  bool any() const { return thousands || !before.empty() || !behind.empty(); }
  bool operator==(const NumberMarks&) const = default;
};

/// A column of x. In x a missing cell is NaN, whatever the type.
struct FeatureColumn {
  std::string name;
  ColumnType type = ColumnType::number;
  std::vector<std::string>
      categories;  ///< of a category or flag: value k of x is called categories[k]; sorted bytewise

  NumberMarks marks = {};  ///< of numbers
  std::string units = {};  ///< as the file says it; empty: it does not

  bool has_categories() const { return type == ColumnType::category || type == ColumnType::flag; }
  bool operator==(const FeatureColumn&) const = default;
};

/// What to say where columns of one name are in two units; empty: nothing.
std::string note_on_units(const std::vector<FeatureColumn>& columns, const std::string& of,
                          const std::vector<FeatureColumn>& others, const std::string& of_others);

/// All columns that were kept.
struct TableDescription {
  std::vector<FeatureColumn> features;   ///< one a number of a row of x, no two of one name
  std::vector<std::string> labels;       ///< columns that y is made of: one of classes, or one a target
  std::string weight;                    ///< column of weights; empty: none
  std::vector<std::string> ids;          ///< columns that tell rows apart, kept as texts
  std::vector<NumberMarks> label_marks;  ///< of each of `labels`; empty: none has any
  std::vector<std::string> missing;      ///< spellings of a missing number, beside the empty cell
  /// The decimal mark, '.' or ',', where numbers have marks after each three digits: "2.000" alone does not tell. 0:
  /// not needed.
  char decimal = 0;
  DateOrder date_order = DateOrder::none;

  /// Whether any number has a mark after each three digits.
  bool marks_thousands() const;
  /// Names of features.
  std::vector<std::string> names() const;
  bool operator==(const TableDescription&) const = default;
};

/// As one JSON text, and back. @throws Error(bad_data)  for a text that describes no table, naming `name`
std::string table_text(const TableDescription& table);
TableDescription table_of_text(const std::string& text, const std::string& name);

}  // namespace shoal
