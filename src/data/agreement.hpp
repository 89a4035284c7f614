#pragma once

// What the attributes of a data set say of its arrays must be what the arrays are: whoever changed one of them may have
// forgotten the other, and only one of them would be believed.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shoal {

class H5Reader;
struct TableDescription;

struct ArraysFound {
  std::vector<std::int64_t> shape;  ///< of one row of x
  std::int64_t features = 1;
  std::int64_t outputs = 0;  ///< floats of y a row; 0 where y holds labels, or is not there
};

/// `shape` and `columns`. @throws Error(bad_data)  that names both sides
void check_features_agree(const H5Reader& reader, const ArraysFound& found);
/// A column for each feature, called as in `columns`, where that is. @throws Error(bad_data)  that names both sides
void check_table_agrees(const H5Reader& reader, const ArraysFound& found, const TableDescription& table);
/// @param classes  of the attribute, or, where it is missing, counted, or of the names
void check_classes_agree(const H5Reader& reader, const ArraysFound& found, std::int64_t classes,
                         const std::optional<std::vector<std::string>>& class_names);

/// The places, from 0, of the first name that occurs twice; of all names, so that a million take no time.
struct Twice {
  std::size_t first;
  std::size_t second;
};
std::optional<Twice> find_twice(const std::vector<std::string>& names);

}  // namespace shoal
