#include "roles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include "data/refuse.hpp"
#include "shoal/core/digits.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

constexpr std::array role_names{
    std::pair{CsvRole::feature, std::string_view("feature")}, std::pair{CsvRole::label, std::string_view("label")},
    std::pair{CsvRole::weight, std::string_view("weight")},   std::pair{CsvRole::id, std::string_view("id")},
    std::pair{CsvRole::group, std::string_view("group")},     std::pair{CsvRole::split, std::string_view("split")},
    std::pair{CsvRole::ignored, std::string_view("ignore")},  std::pair{CsvRole::hollow, std::string_view("none")}};

bool is_number(const std::string& text) { return text.size() < 10 && are_digits(text); }

struct RoleOption {
  const char* name;
  CsvRole role;
  const std::string& list;
  bool several;
};
std::vector<RoleOption> role_options(const CsvOptions& o) {
  return {{"--label", CsvRole::label, o.label, true},
          {"--weight", CsvRole::weight, o.weight, false},
          {"--id", CsvRole::id, o.id, true},
          {"--group", CsvRole::group, o.group, false},
          {"--split", CsvRole::split, o.split_column, false},
          {"--ignore", CsvRole::ignored, o.ignore, true}};
}

/// By name, else by number.
std::optional<std::size_t> column_meant(const std::string& option, const std::string& text, const CsvCells& names,
                                        const std::string& file) {
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) {
    const auto again = std::find(found + 1, names.end(), text);
    if (again != names.end())
      refuse_options(fmt::format("{} {}: {} has several columns of that name, {} and {}; give its number from 0",
                                 option, shown(text), file, found - names.begin(), again - names.begin()));
    return static_cast<std::size_t>(found - names.begin());
  }
  if (!is_number(text)) return std::nullopt;
  const std::size_t number = std::stoul(text);
  if (number >= names.size())
    refuse_options(fmt::format("{} {}: {} has {}; give a number in 0..{}", option, text, file,
                               counted(std::ssize(names), "column"), names.size() - 1));
  return number;
}

void take_choices(const CsvChoices& choices, std::vector<CsvColumn>& columns, const CsvCells& names) {
  std::unordered_map<std::string_view, std::vector<std::size_t>> places;
  for (std::size_t c = 0; c < names.size(); ++c) places[names[c]].push_back(c);
  std::unordered_map<std::string_view, std::size_t> times;
  for (const CsvColumnChoice& choice : choices.columns) ++times[choice.name];
  std::unordered_map<std::string_view, std::size_t> taken;
  for (const CsvColumnChoice& choice : choices.columns) {
    const auto found = places.find(choice.name);
    // Of columns of one name, all but one of which are left out, it says each, as import does.
    if (found != places.end() && times[choice.name] != found->second.size())
      refuse_options(fmt::format("{}: column \"{}\" is there {}, and {} in the file; name each column once",
                                 choices.file, shown(choice.name),
                                 counted(static_cast<std::int64_t>(times[choice.name]), "time"),
                                 counted(static_cast<std::int64_t>(found->second.size()), "time")));
    if (found == places.end()) {
      const std::string near = nearest_word(choice.name, names);
      refuse_options(fmt::format("{}: column \"{}\" is not in the file{}", choices.file, shown(choice.name),
                                 near.empty() ? "; remove it" : "; did you mean \"" + shown(near) + "\"?"));
    }
    CsvColumn& column = columns[found->second[taken[choice.name]++]];
    for (const auto& [role, name] : role_names) {
      if (choice.role == name) column.role = role;
    }
    if (!choice.type.empty()) column.type = column_type_named(choice.type);
    column.reason = choices.file;
    column.declared = true;
  }
}

/// An index that pandas wrote, which has no name.
bool counts_rows(const CsvOpened& opened, std::size_t column) {
  std::optional<double> previous;
  for (const CsvCells& row : opened.rows) {
    const auto number = column < row.size() ? number_of_cell(row[column], '.') : std::nullopt;
    if (!number) return false;
    const bool next = previous ? number->value == *previous + 1 : number->value == 0 || number->value == 1;
    if (!next) return false;
    previous = number->value;
  }
  return opened.rows.size() > 1;
}

}  // namespace

std::string_view role_name(CsvRole role) {
  return std::find_if(role_names.begin(), role_names.end(), [&](const auto& r) { return r.first == role; })->second;
}

std::vector<std::string> split_list(const std::string& list) {
  const auto rows = sample_rows(list, {',', '.'}, '\n', 1);
  return rows.empty() ? std::vector<std::string>{list} : rows[0];
}

bool names_columns(const CsvOptions& options) {
  for (const RoleOption& role : role_options(options)) {
    if (role.list.empty()) continue;
    for (const std::string& text : split_list(role.list)) {
      if (!is_number(text)) return true;
    }
  }
  for (const std::string& text : options.category.empty() ? CsvCells{} : split_list(options.category)) {
    if (!is_number(text)) return true;
  }
  return std::any_of(options.choices.columns.begin(), options.choices.columns.end(),
                     [](const CsvColumnChoice& choice) { return !is_number(choice.name); });
}

std::vector<std::size_t> columns_meant(const std::string& option, const std::string& list, const CsvCells& names,
                                       const std::string& file) {
  if (list.empty()) return {};
  if (const auto whole = column_meant(option, list, names, file)) return {*whole};
  std::vector<std::size_t> columns;
  for (const std::string& text : split_list(list)) {
    const auto column = column_meant(option, text, names, file);
    if (!column) {
      const std::string near = nearest_word(text, names);
      refuse_options(fmt::format(
          "{} {}: no such column in {}{}", option, shown(text), file,
          near.empty() ? "; its first is \"" + shown(names[0]) + "\"" : "; did you mean \"" + shown(near) + "\"?"));
    }
    columns.push_back(*column);
  }
  return columns;
}

std::vector<CsvColumn> columns_with_roles(const CsvOptions& options, const CsvOpened& opened, const std::string& file) {
  const CsvCells& names = opened.names;
  std::vector<CsvColumn> columns(names.size());
  for (std::size_t c = 0; c < names.size(); ++c) {
    columns[c].name = names[c];
    if (names[c].empty()) {
      columns[c].role = CsvRole::hollow;
    } else if (opened.header && names[c] == fmt::format("column_{}", c) && counts_rows(opened, c)) {
      columns[c].role = CsvRole::ignored;
      columns[c].reason = "has no name and counts the rows; --columns takes it";
    }
  }
  if (!options.choices.file.empty()) take_choices(options.choices, columns, names);
  std::vector<const char*> given(names.size(), nullptr);
  for (const RoleOption& role : role_options(options)) {
    const auto meant = columns_meant(role.name, role.list, names, file);
    if (!meant.empty() && !options.choices.file.empty())
      refuse_options(fmt::format("{} and --columns {} both say what columns are for; edit the file, or leave it out",
                                 role.name, options.choices.file));
    if (meant.size() > 1 && !role.several)
      refuse_options(fmt::format("{} {} names {} columns; it takes one", role.name, shown(role.list), meant.size()));
    for (const std::size_t c : meant) {
      if (given[c] != nullptr)
        refuse_options(fmt::format("{} and {} both name column \"{}\"; it can have one role", given[c], role.name,
                                   shown(names[c])));
      given[c] = role.name;
      columns[c].role = role.role;
      columns[c].reason = role.name;
    }
  }
  for (const CsvRole single : {CsvRole::weight, CsvRole::group, CsvRole::split}) {
    const auto has_it = [&](const CsvColumn& column) { return column.role == single; };
    const auto first = std::find_if(columns.begin(), columns.end(), has_it);
    if (first == columns.end()) continue;
    if (const auto second = std::find_if(first + 1, columns.end(), has_it); second != columns.end())
      refuse_options(fmt::format("columns \"{}\" and \"{}\" have one role, which one column has; change one of them",
                                 shown(first->name), shown(second->name)));
  }
  for (const std::size_t c : columns_meant("--category", options.category, names, file)) {
    columns[c].type = ColumnType::category;
    columns[c].declared = true;
    if (columns[c].reason.empty()) columns[c].reason = "--category";
  }
  return columns;
}

void require_own_names(const std::vector<CsvColumn>& columns, const std::string& file) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (columns[c].role == CsvRole::ignored || columns[c].role == CsvRole::hollow) continue;
    const auto [place, is_new] = places.emplace(columns[c].name, c);
    if (!is_new)
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}:1: columns {} and {} are both called \"{}\"; rename one of them, or leave one out "
                              "with --ignore {}",
                              file, place->second, c, shown(columns[c].name), c));
  }
}

}  // namespace shoal
