#include "shoal/data/columns.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "agreement.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"

namespace shoal {
namespace {

constexpr std::array type_names{std::pair{ColumnType::number, "number"}, std::pair{ColumnType::category, "category"},
                                std::pair{ColumnType::flag, "flag"}, std::pair{ColumnType::date, "date"}};

constexpr std::array order_names{std::pair{DateOrder::none, ""}, std::pair{DateOrder::day_first, "dmy"},
                                 std::pair{DateOrder::month_first, "mdy"}};

std::vector<std::string> strings(const Json& list) {
  std::vector<std::string> result;
  for (const Json& item : list.items()) result.push_back(item.string());
  return result;
}

void check_names(const std::vector<std::string>& names, const std::string& what) {
  if (const auto twice = find_twice(names))
    throw JsonError(
        fmt::format("{} {} and {} are both called \"{}\"", what, twice->first, twice->second, names[twice->first]));
}

Json json_of(const NumberMarks& marks) {
  return Json::object({{"before", marks.before}, {"behind", marks.behind}, {"thousands", marks.thousands}});
}

NumberMarks marks_of_json(const Json& json) {
  return {json.at("before").string(), json.at("behind").string(), json.at("thousands").boolean()};
}

FeatureColumn feature_of_json(const Json& json) {
  FeatureColumn column;
  column.name = json.at("name").string();
  column.type = column_type_named(json.at("type").string());
  if (const Json* categories = json.find("categories")) column.categories = strings(*categories);
  if (!column.has_categories() && !column.categories.empty())
    throw JsonError(
        fmt::format("column \"{}\" is a {} and has categories", column.name, column_type_name(column.type)));
  if (const Json* marks = json.find("marks")) column.marks = marks_of_json(*marks);
  if (const Json* units = json.find("units")) column.units = units->string();
  check_names(column.categories, fmt::format("column \"{}\": categories", column.name));
  if (!std::is_sorted(column.categories.begin(), column.categories.end()))
    throw JsonError(fmt::format("column \"{}\": its categories are not sorted bytewise", column.name));
  return column;
}

}  // namespace

std::string_view column_type_name(ColumnType type) {
  return std::find_if(type_names.begin(), type_names.end(), [&](const auto& t) { return t.first == type; })->second;
}

ColumnType column_type_named(std::string_view name) {
  for (const auto& [type, known] : type_names) {
    if (name == known) return type;
  }
  throw Error(ExitStatus::bad_data,
              fmt::format("no type of columns \"{}\"; use one of number, category, flag, date", name));
}

std::string_view date_order_name(DateOrder order) {
  return std::ranges::find(order_names, order, [](const auto& o) { return o.first; })->second;
}

std::optional<DateOrder> date_order_named(std::string_view name) {
  for (const auto& [order, known] : order_names) {
    if (name == known && order != DateOrder::none) return order;
  }
  return std::nullopt;
}

std::string note_on_units(const std::vector<FeatureColumn>& columns, const std::string& of,
                          const std::vector<FeatureColumn>& others, const std::string& of_others) {
  std::unordered_map<std::string_view, std::string_view> units;
  for (const FeatureColumn& other : others) units.emplace(other.name, other.units);
  for (const FeatureColumn& column : columns) {
    const auto other = units.find(column.name);
    if (other == units.end() || other->second.empty() || column.units.empty() || other->second == column.units)
      continue;
    return fmt::format(
        "{} is in \"{}\" in {}, and in \"{}\" in {}: values are taken as they are; convert them to one unit",
        column.name, shown(column.units), of, shown(other->second), of_others);
  }
  return "";
}

std::vector<std::string> TableDescription::names() const {
  std::vector<std::string> names;
  for (const FeatureColumn& column : features) names.push_back(column.name);
  return names;
}

bool TableDescription::marks_thousands() const {
  return std::any_of(features.begin(), features.end(), [](const auto& feature) { return feature.marks.thousands; }) ||
         std::any_of(label_marks.begin(), label_marks.end(), [](const auto& label) { return label.thousands; });
}

std::string table_text(const TableDescription& table) {
  Json features = Json::array();
  for (const FeatureColumn& column : table.features) {
    Json json = Json::object();
    json.set("name", column.name);
    json.set("type", column_type_name(column.type));
    if (column.has_categories()) json.set("categories", column.categories);
    if (column.marks.any()) json.set("marks", json_of(column.marks));
    if (!column.units.empty()) json.set("units", column.units);
    features.push(std::move(json));
  }
  Json text = Json::object();
  text.set("features", std::move(features));
  text.set("labels", table.labels);
  if (!table.label_marks.empty()) {
    Json marks = Json::array();
    for (const NumberMarks& label : table.label_marks) marks.push(json_of(label));
    text.set("label_marks", std::move(marks));
  }
  text.set("weight", table.weight);
  text.set("ids", table.ids);
  text.set("missing", table.missing);
  if (table.decimal != 0) text.set("decimal", std::string(1, table.decimal));
  if (table.date_order != DateOrder::none) text.set("date_order", date_order_name(table.date_order));
  return text.text();
}

TableDescription table_of_text(const std::string& text, const std::string& name) {
  try {
    const Json json = Json::parse(text);
    TableDescription table;
    for (const Json& column : json.at("features").items()) table.features.push_back(feature_of_json(column));
    table.labels = strings(json.at("labels"));
    if (const Json* marks = json.find("label_marks")) {
      for (const Json& label : marks->items()) table.label_marks.push_back(marks_of_json(label));
      if (table.label_marks.size() != table.labels.size())
        throw JsonError(
            fmt::format("{} labels have marks, and there are {}", table.label_marks.size(), table.labels.size()));
    }
    table.weight = json.at("weight").string();
    table.ids = strings(json.at("ids"));
    table.missing = strings(json.at("missing"));
    if (const Json* decimal = json.find("decimal")) {
      if (decimal->string() != "." && decimal->string() != ",")
        throw JsonError("decimal is \"" + decimal->string() + "\", and must be . or ,");
      table.decimal = decimal->string()[0];
    }
    if (const Json* order = json.find("date_order")) {
      const auto known = date_order_named(order->string());
      if (!known) throw JsonError("date_order is \"" + order->string() + "\", and must be dmy or mdy");
      table.date_order = *known;
    }
    check_names(table.names(), "columns");
    return table;
  } catch (const JsonError& e) {
    throw Error(ExitStatus::bad_data, fmt::format("{}: its table is damaged: {}; import it again", name, e.what()));
  } catch (const Error& e) {
    throw Error(ExitStatus::bad_data, fmt::format("{}: its table is damaged: {}", name, e.what()));
  }
}

}  // namespace shoal
