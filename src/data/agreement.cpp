#include "agreement.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>
#include <unordered_map>

#include "data/refuse.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/columns.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/names.hpp"

namespace shoal {

std::optional<Twice> find_twice(const std::vector<std::string>& names) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [place, is_new] = places.emplace(names[i], i);
    if (!is_new) return Twice{place->second, i};
  }
  return std::nullopt;
}

void check_features_agree(const H5Reader& reader, const ArraysFound& found) {
  const auto shape = reader.attribute<std::vector<std::int64_t>>("shape");
  const bool one_number = found.shape.empty() && shape == std::vector<std::int64_t>{1};
  if (shape && *shape != found.shape && !one_number) {
    refuse(reader.path().string(),
           fmt::format("the attribute shape is ({}), and rows of x have shape ({}); store x in that shape, or "
                       "remove the attribute",
                       fmt::join(*shape, ", "), fmt::join(found.shape, ", ")));
  }
  const auto columns = read_names(reader, "columns");
  if (columns && !columns->empty() && static_cast<std::int64_t>(columns->size()) != found.features) {
    refuse(reader.path().string(),
           fmt::format("columns holds {} names for {} features; give one a feature, or remove it", columns->size(),
                       found.features));
  }
}

void check_table_agrees(const H5Reader& reader, const ArraysFound& found, const TableDescription& table) {
  if (static_cast<std::int64_t>(table.features.size()) != found.features)
    refuse(reader.path().string(),
           fmt::format("table has {} columns for {} features; import it again", table.features.size(), found.features));
  const auto columns = read_names(reader, "columns");
  if (columns && !columns->empty() && *columns != table.names())
    refuse(reader.path().string(), "columns and table name the features differently; import it again");
}

void check_classes_agree(const H5Reader& reader, const ArraysFound& found, std::int64_t classes,
                         const std::optional<std::vector<std::string>>& class_names) {
  // An output a class, or one that tells two classes apart.
  const bool fits =
      found.outputs == 0 || classes == 0 || classes == found.outputs || (classes == 2 && found.outputs == 1);
  if (!fits) {
    refuse(reader.path().string(),
           fmt::format(
               "the {} {}, and y holds {} a row; correct or remove the attribute",
               reader.attribute<std::int64_t>("classes").value_or(0) != 0 ? "attribute classes is" : "class_names are",
               classes, counted(found.outputs, "float")));
  }
  if (!class_names || class_names->empty()) return;
  if (static_cast<std::int64_t>(class_names->size()) != classes) {
    refuse(reader.path().string(),
           fmt::format("class_names holds {} names for {} classes; give one a class", class_names->size(), classes));
  }
  if (const auto twice = find_twice(*class_names)) {
    refuse(reader.path().string(), fmt::format("classes {} and {} are both called \"{}\"; give each a name of its own",
                                               twice->first, twice->second, shown((*class_names)[twice->first])));
  }
}

}  // namespace shoal
