#include "layouts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "data/refuse.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

void check_equal_names(const CsvFiles& files, std::size_t file, const CsvCells& names, const CsvOpened& opened) {
  const CsvCells& first = opened.names;
  if (!opened.header) {
    if (names.size() == first.size()) return;
    refuse(fmt::format("{}:1: {} where {} has {}; each file needs the same", files.name(file),
                       counted(std::ssize(names), "column"), files.name(0), first.size()));
  }
  const auto told = [](const CsvCells& cells, std::size_t c) {
    return c < cells.size() ? fmt::format("\"{}\"", shown(cells[c])) : std::string("not there");
  };
  for (std::size_t c = 0; c < std::max(names.size(), first.size()); ++c) {
    if (c < names.size() && c < first.size() && names[c] == first[c]) continue;
    refuse(fmt::format("{}:1: column {} is {} where in {} it is {}; files need equal headers", files.name(file), c,
                       told(names, c), files.name(0), told(first, c)));
  }
}

/// By name, in any order.
CsvLayout layout_by_name(const CsvFiles& files, std::size_t file, const CsvCells& names,
                         const std::vector<CsvColumn>& columns, std::vector<std::string>& notes) {
  std::unordered_map<std::string_view, std::size_t> places;
  std::unordered_set<std::string_view> ignored;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].role == CsvRole::ignored) ignored.insert(columns[c].name);
    if (columns[c].role != CsvRole::ignored) places.emplace(columns[c].name, c);
  }
  CsvLayout layout;
  std::vector<bool> there(columns.size());
  for (const std::string& name : names) {
    const auto found = places.find(name);
    layout.columns.push_back(found == places.end() ? CsvLayout::none : found->second);
    if (found == places.end()) {
      if (!ignored.contains(name) && !name.empty())
        notes.push_back(fmt::format("{}: column \"{}\" is left out, as {} has none of that name", files.name(file),
                                    shown(name), files.name(0)));
      continue;
    }
    if (there[found->second])
      refuse(fmt::format("{}:1: several columns are called \"{}\"; rename one of them", files.name(file), shown(name)));
    there[found->second] = true;
  }
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (!there[c] && columns[c].role != CsvRole::ignored && columns[c].role != CsvRole::hollow)
      refuse(fmt::format("{}: no column \"{}\", which {} has; add it", files.name(file), shown(columns[c].name),
                         files.name(0)));
  }
  return layout;
}

}  // namespace

std::vector<CsvLayout> layouts_of(const CsvFiles& files, const CsvOpened& opened, const std::vector<CsvColumn>& columns,
                                  std::size_t alike, std::vector<std::string>& notes) {
  std::vector<CsvLayout> layouts(files.count());
  for (std::size_t f = 0; f < files.count(); ++f) {
    if (f < alike) {
      if (f > 0) check_equal_names(files, f, names_of_file(files, f, opened.format, opened.header), opened);
      for (std::size_t c = 0; c < columns.size(); ++c) layouts[f].columns.push_back(c);
    } else {
      layouts[f] = layout_by_name(files, f, names_of_file(files, f, opened.format, opened.header), columns, notes);
    }
    layouts[f].header = opened.header;
  }
  return layouts;
}

}  // namespace shoal
