#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "opening.hpp"
#include "shoal/data/columns.hpp"
#include "shoal/data/import.hpp"

namespace shoal {

enum class CsvRole { feature, label, weight, id, group, split, ignored, hollow };
std::string_view role_name(CsvRole role);  ///< "feature", ...

/// What a column of the files is for, before a cell of it was judged.
struct CsvColumn {
  std::string name;
  CsvRole role = CsvRole::feature;
  std::optional<ColumnType> type;         ///< where it was said
  std::optional<NumberMarks> marks = {};  ///< where a model or another set has the column, else to be found out
  std::string reason = {};
  bool declared = false;                     ///< by a person
  std::vector<std::string> categories = {};  ///< that another set lists and this one is to list as well
};

/// Texts with commas between them, in quotes where they hold commas themselves.
std::vector<std::string> split_list(const std::string& list);

/// Whether any option names a column by a text that is no number: then there is a header.
bool names_columns(const CsvOptions& options);

/// Which columns `list` means. @throws Error(usage)  for one that is not there, with the nearest name
std::vector<std::size_t> columns_meant(const std::string& option, const std::string& list, const CsvCells& names,
                                       const std::string& file);

/// @throws Error(usage)  for a column with two roles
std::vector<CsvColumn> columns_with_roles(const CsvOptions& options, const CsvOpened& opened, const std::string& file);

/// @throws Error(bad_data)  for two columns of one name, unless they are left out
void require_own_names(const std::vector<CsvColumn>& columns, const std::string& file);

}  // namespace shoal
