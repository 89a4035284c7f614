#include "cli/columns_told.hpp"

#include <fmt/format.h>

#include <map>
#include <vector>

#include "cli/output.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::size_t most_told = 30;  // of features and of columns left out: a screen

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

}  // namespace shoal
