#include "cli/columns_told.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "cli/output.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/whole_split.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_told = 30;  // of features and of columns left out: a screen
constexpr std::size_t most_of_y = 20;  // classes and targets that are told

std::string told_of_y(const std::string& what, const std::vector<std::string>& parts) {
  const std::size_t told = std::min(parts.size(), most_of_y);
  return fmt::format("y: {}: {}{}\n", what,
                     fmt::join(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(told), ", "),
                     told < parts.size() ? ", ..." : "");
}

std::string classes_told(const Dataset& data, const std::vector<Split>& splits) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(data.classes()));
  for (const Split& split : splits) std::ranges::transform(counts, rows_by_class(split), counts.begin(), std::plus<>());
  std::vector<std::string> parts;
  for (std::size_t k = 0; k < counts.size(); ++k)
    parts.push_back(fmt::format("{} ({})", data.class_names()[k], counts[k]));
  return told_of_y(counted(data.classes(), "class", "classes"), parts);
}

std::string targets_told(const std::vector<Split>& splits) {
  const auto width = static_cast<std::size_t>(splits.front().outputs());
  constexpr double infinity = std::numeric_limits<double>::infinity();
  std::vector<std::pair<double, double>> ranges(width, {infinity, -infinity});
  std::vector<double> values;
  for (const Split& split : splits) {
    for_rows(split, [&](std::span<const std::int64_t> rows) {
      values.resize(rows.size() * width);
      split.read_target_values(rows, values);
      for (std::size_t i = 0; i < values.size(); ++i) {
        auto& [least, greatest] = ranges[i % width];
        least = std::min(least, values[i]);
        greatest = std::max(greatest, values[i]);
      }
    });
  }
  std::vector<std::string> parts;
  parts.reserve(ranges.size());
  for (const auto& [least, greatest] : ranges) parts.push_back(fmt::format("{:.6g} to {:.6g}", least, greatest));
  return told_of_y(counted(static_cast<std::int64_t>(width), "target"), parts);
}

}  // namespace

std::string columns_told(const DatasetSummary& summary) {
  std::string text;
  for (const std::string& note : summary.notes) text += note + '\n';
  if (summary.columns.empty()) return text;
  std::vector<std::vector<std::string>> rows{{"column", "role", "type", "missing", "holds", "why"}};
  std::map<std::string, std::int64_t> rest;
  std::map<std::string, std::size_t> told;
  for (const DatasetSummary::FileColumn& column : summary.columns) {
    const bool many = column.role == "feature" || column.role == "ignore";
    if (many && ++told[column.role] > most_told) {
      ++rest[column.role + (column.type.empty() ? "" : " of type " + column.type)];
      continue;
    }
    rows.push_back(
        {column.name, column.role, column.type, std::to_string(column.missing), column.content, column.reason});
  }
  text += '\n' + align(rows);
  for (const auto& [kind, count] : rest)
    text += fmt::format("and {} more: {}; --columns-out FILE.toml tells of all\n", count, kind);
  return text + '\n';
}

std::string y_told(const Dataset& data) {
  std::vector<Split> labelled;
  std::vector<Split> with_targets;
  for (const std::string& name : data.names()) {
    const Split split = data.split(name);
    if (split.has_labels()) labelled.push_back(split);
    if (split.has_targets()) with_targets.push_back(split);
  }
  return !labelled.empty() ? classes_told(data, labelled) : !with_targets.empty() ? targets_told(with_targets) : "";
}

}  // namespace shoal
