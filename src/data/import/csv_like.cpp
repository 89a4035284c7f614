#include "csv_like.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_map>

#include "data/agreement.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/names.hpp"

namespace shoal {
namespace {

using Places = std::unordered_map<std::string, std::vector<std::size_t>>;

/// Labels, weights and ids as well: nobody says by options which they are.
void take_roles(const TableDescription& table, bool labels, const std::string& file, const Places& places,
                std::vector<CsvColumn>& columns) {
  const auto take = [&](const std::string& name, CsvRole role) {
    const auto found = places.find(name);
    if (found == places.end()) return;
    columns[found->second.front()].role = role;
    columns[found->second.front()].reason = "as in training";
    if (found->second.size() > 1)
      refuse(fmt::format("{}:1: columns {} and {} are both called \"{}\"; rename one of them", file, found->second[0],
                         found->second[1], shown(name)));
  };
  const bool all = std::all_of(table.labels.begin(), table.labels.end(),
                               [&](const std::string& name) { return places.contains(name); });
  for (const std::string& name : table.labels) {
    if (labels && all) take(name, CsvRole::label);
  }
  take(table.weight, CsvRole::weight);
  for (const std::string& name : table.ids) take(name, CsvRole::id);
}

}  // namespace

CsvLike CsvLike::open(const std::string& path) {
  const Dataset data = Dataset::open(path);
  const Split split = data.split(data.has("train") ? "train" : data.names().front());
  CsvLike like;
  like.owner = path;
  like.names = read_names(H5Reader(path), "columns").value_or(std::vector<std::string>{});
  if (const auto twice = find_twice(like.names))
    refuse(fmt::format("{}: columns {} and {} are both called \"{}\"; import it again with other names", path,
                       twice->first, twice->second, shown(like.names[twice->first])));
  like.table = data.file_columns();
  if (like.table) like.label_order = like.table->labels;
  like.described = data.table().has_value();
  like.shape = data.shape();
  like.features = split.features();
  like.bytes = split.element_type() == ElementType::uint8;
  like.targets = split.has_targets();
  like.class_names = data.class_names();
  return like;
}

void CsvLike::take_columns(const CsvOpened& opened, const std::string& file, std::vector<CsvColumn>& columns) const {
  std::vector<std::size_t> free;  // columns that no option gave a role
  Places places;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].role != CsvRole::feature && !roles) continue;
    if (columns[c].role == CsvRole::feature) free.push_back(c);
    places[columns[c].name].push_back(c);
  }
  const auto take = [&](std::size_t i, std::size_t c) {
    columns[c].role = CsvRole::feature;
    columns[c].type = table ? table->features[i].type : ColumnType::number;
    columns[c].marks = table ? table->features[i].marks : NumberMarks{};
    columns[c].reason = fmt::format("as in {}", owner);
    if (table && !roles) columns[c].categories = table->features[i].categories;
  };
  if (names.empty() || (!opened.header && !roles)) {
    const bool other = static_cast<std::int64_t>(free.size()) != features;
    if (other && roles)
      refuse(
          fmt::format("{}: {} columns for features, and {} takes {}, in their order, as it was trained on data without "
                      "names; give those alone, and for evaluate say with --y which is the label",
                      file, free.size(), owner, features));
    if (other)
      refuse(fmt::format("{}: {} feature columns, {} has {}; both need the same", file, free.size(), owner, features));
    for (std::size_t i = 0; i < free.size(); ++i) {
      take(i, free[i]);
      if (!names.empty()) columns[free[i]].name = names[i];
    }
    return;
  }
  for (const std::size_t c : free) {
    columns[c].role = CsvRole::ignored;
    columns[c].reason = why_ignored(columns[c].name);
  }
  if (roles) take_roles(*table, labels, file, places, columns);
  take_label_marks(columns);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto found = places.find(names[i]);
    if (found == places.end())
      refuse(fmt::format("{}: no column \"{}\", which {} has; add it{}", file, shown(names[i]), owner,
                         roles ? "" : ", or import without --like"));
    if (found->second.size() > 1)
      refuse(fmt::format("{}:1: columns {} and {} are both called \"{}\"; rename one of them", file, found->second[0],
                         found->second[1], shown(names[i])));
    if (const CsvColumn& column = columns[found->second[0]]; roles && column.reason == "--label")
      refuse(fmt::format("{}: column \"{}\" cannot be the label, as {} takes it for a feature", file,
                         shown(column.name), owner));
    take(i, found->second[0]);
  }
}

std::string CsvLike::why_ignored(const std::string& name) const {
  const auto option = [&]() -> std::string {
    if (!table) return "";
    if (std::ranges::find(table->labels, name) != table->labels.end()) return "--label";
    if (std::ranges::find(table->ids, name) != table->ids.end()) return "--id";
    return !name.empty() && name == table->weight ? "--weight" : "";
  }();
  if (option.empty()) return fmt::format("{} has no column of that name", owner);
  return fmt::format("not said what it is for; in {} it was taken by {}", owner, option);
}

void CsvLike::take_label_marks(std::vector<CsvColumn>& columns) const {
  if (!table) return;
  for (CsvColumn& column : columns) {
    const auto label = std::find(table->labels.begin(), table->labels.end(), column.name);
    if (column.role != CsvRole::label || label == table->labels.end()) continue;
    const auto at = static_cast<std::size_t>(label - table->labels.begin());
    column.marks = table->label_marks.empty() ? NumberMarks{} : table->label_marks[at];
  }
}

std::vector<std::string> CsvLike::notes_on_categories(const std::vector<CsvFeature>& columns) const {
  std::vector<std::string> notes;
  if (!table || roles) return notes;
  for (const CsvFeature& feature : columns) {
    const auto theirs = std::ranges::find(table->features, feature.column.name, &FeatureColumn::name);
    if (theirs == table->features.end()) continue;
    std::vector<std::string> fresh;
    std::ranges::set_difference(feature.column.categories, theirs->categories, std::back_inserter(fresh));
    if (!fresh.empty())
      notes.push_back(
          fmt::format("column \"{}\": {} that {} has not, such as \"{}\", so that others have other numbers in x "
                      "than there",
                      shown(feature.column.name), counted(std::ssize(fresh), "category", "categories"), owner,
                      shown(fresh.front())));
  }
  return notes;
}

void CsvLike::put_in_order(std::vector<CsvFeature>& columns) const {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) places.emplace(names[i], i);
  std::stable_sort(columns.begin(), columns.end(), [&](const CsvFeature& a, const CsvFeature& b) {
    return places.at(a.column.name) < places.at(b.column.name);
  });
}

void CsvLike::put_labels_in_order(const std::vector<CsvColumn>& columns, std::vector<std::size_t>& labels) const {
  const auto name = [&](std::size_t c) -> const std::string& { return columns[c].name; };
  if (!std::ranges::is_permutation(labels, label_order, {}, name)) return;
  std::ranges::sort(labels, {}, [&](std::size_t c) { return std::ranges::find(label_order, name(c)); });
}

}  // namespace shoal
