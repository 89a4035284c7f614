#pragma once

#include <optional>
#include <string>
#include <vector>

#include "csv/roles.hpp"
#include "csv/verdict.hpp"
#include "shoal/data/columns.hpp"

namespace shoal {

/// What a model or another data set fixes.
struct CsvLike {
  std::string owner;                      ///< for messages
  std::vector<std::string> names;         ///< of the features; empty where it has none
  std::optional<TableDescription> table;  ///< what is known of the columns of its file
  bool described = false;                 ///< x holds such columns, with gaps and categories; else numbers alone
  std::vector<std::int64_t> shape;
  std::int64_t features = 0;
  bool bytes = false;    ///< x is uint8
  bool targets = false;  ///< y is floats
  std::vector<std::string> class_names;
  bool roles = false;                    ///< labels, weights and ids are the table's: for a model
  bool labels = false;                   ///< of the table, where all of them are there
  std::vector<std::string> label_order;  ///< what y is made of

  static CsvLike open(const std::string& path);

  /// Features that the other has, of its types; by place where one of the two has no names. All others are left out.
  /// @throws Error(bad_data)  for one that is missing
  void take_columns(const CsvOpened& opened, const std::string& file, std::vector<CsvColumn>& columns) const;
  /// In the order of the other, where that has names.
  void put_in_order(std::vector<CsvFeature>& columns) const;
  /// The same labels as the other's, by their places among the columns, in the other's order; others stay.
  void put_labels_in_order(const std::vector<CsvColumn>& columns, std::vector<std::size_t>& labels) const;
  /// Where numbers of categories differ from those of the other set
  std::vector<std::string> notes_on_categories(const std::vector<CsvFeature>& columns) const;

 private:
  std::string why_ignored(const std::string& name) const;
  void take_label_marks(std::vector<CsvColumn>& columns) const;
};

}  // namespace shoal
