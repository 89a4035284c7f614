// Which column of a data set is which of a model.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "agreement.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/row_encoder.hpp"

namespace shoal {
namespace {

/// What both sides call a column that has no table to say more.
std::vector<FeatureColumn> numbers_called(const std::vector<std::string>& names) {
  std::vector<FeatureColumn> columns;
  columns.reserve(names.size());
  for (const std::string& name : names) columns.push_back({name, ColumnType::number, {}});
  return columns;
}

std::vector<FeatureColumn> columns_of(const Encoding& encoding, const std::vector<std::string>& names) {
  std::vector<FeatureColumn> columns;
  for (const ColumnEncoding& column : encoding.columns) columns.push_back(column.column);
  return encoding.columns.empty() ? numbers_called(names) : columns;
}

std::vector<FeatureColumn> columns_of(const Split& split) {
  return split.table() ? split.table()->features : numbers_called(split.columns());
}

void refuse_twice(const std::vector<FeatureColumn>& columns, const std::string& whose) {
  std::vector<std::string> names;
  names.reserve(columns.size());
  for (const FeatureColumn& column : columns) names.push_back(column.name);
  if (const auto twice = find_twice(names))
    throw Error(ExitStatus::bad_data, fmt::format("columns {} and {} of {} are both called \"{}\"; give each a name of "
                                                  "its own",
                                                  twice->first, twice->second, whose, names[twice->first]));
}

bool same_names(const std::vector<FeatureColumn>& a, const std::vector<FeatureColumn>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& left, const auto& right) { return left.name == right.name; });
}

/// The place of each of the categories in `own`, among those of the encoding.
std::vector<std::int64_t> places_of(const ColumnEncoding& column, const std::vector<std::string>& own) {
  const std::vector<std::string>& known = column.column.categories;
  std::vector<std::int64_t> places;
  for (const std::string& category : own) {
    const auto at = std::lower_bound(known.begin(), known.end(), category);
    const bool found = at != known.end() && *at == category;
    places.push_back(found ? at - known.begin() : column.values());
  }
  return places;
}

void require_type(const FeatureColumn& wanted, const FeatureColumn& given, const std::string& model,
                  const std::string& set) {
  if (wanted.has_categories() && given.has_categories()) return;
  if (wanted.type == given.type) return;
  throw Error(ExitStatus::bad_data,
              fmt::format("column \"{}\" of {} is a {}, and {} was trained with a {}; import it as such, or give the "
                          "file itself with --data",
                          wanted.name, set, column_type_name(given.type), model, column_type_name(wanted.type)));
}

}  // namespace

ColumnMatch own_columns(const Encoding& encoding, const std::vector<FeatureColumn>& features) {
  ColumnMatch match;
  match.others = true;
  for (std::size_t d = 0; d < encoding.columns.size(); ++d) {
    const ColumnEncoding& column = encoding.columns[d];
    match.places.push_back(places_of(column, features[d].categories));
    match.places.back().push_back(column.values());
  }
  return match;
}

ColumnMatch match_columns(const Encoding& encoding, const std::vector<std::string>& names, const Split& split,
                          const std::string& model, const std::string& set) {
  const std::vector<FeatureColumn> wanted = columns_of(encoding, names);
  const std::vector<FeatureColumn> given = columns_of(split);
  ColumnMatch match;
  if (wanted.empty() || given.empty()) {  // by position
    const auto named = std::find_if(wanted.begin(), wanted.end(), [](const auto& c) { return c.has_categories(); });
    const auto coded = std::find_if(given.begin(), given.end(), [](const auto& c) { return c.has_categories(); });
    if (named != wanted.end())
      throw Error(ExitStatus::bad_data,
                  fmt::format("{} does not name its columns, and {} was trained with categories in \"{}\"; import it "
                              "from the table itself",
                              set, model, named->name));
    if (coded != given.end())
      throw Error(ExitStatus::bad_data,
                  fmt::format("{} has categories in \"{}\", and {} was trained on numbers without names; train it anew",
                              set, coded->name, model));
    if (!encoding.columns.empty()) match.places.resize(encoding.columns.size());
    return match;
  }
  const bool in_order = same_names(wanted, given);
  if (!in_order) {
    refuse_twice(given, set);
    refuse_twice(wanted, model);
  }
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < given.size(); ++i) places.emplace(given[i].name, i);
  for (std::size_t d = 0; d < wanted.size(); ++d) {
    const auto found = places.find(wanted[d].name);
    if (!in_order && found == places.end())
      throw Error(ExitStatus::bad_data, fmt::format("{} has no column \"{}\", which {} was trained with; add it, with "
                                                    "empty cells where nothing is known",
                                                    set, wanted[d].name, model));
    const std::size_t at = in_order ? d : found->second;
    require_type(wanted[d], given[at], model, set);
    if (!in_order) match.source.push_back(at);
    if (!encoding.columns.empty()) match.places.push_back(places_of(encoding.columns[d], given[at].categories));
  }
  std::vector<bool> needed(given.size(), in_order);
  for (const std::size_t at : match.source) needed[at] = true;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!needed[i]) match.extra.push_back(given[i].name);
  }
  return match;
}

}  // namespace shoal
