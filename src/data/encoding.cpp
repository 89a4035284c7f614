#include "shoal/data/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "shoal/core/error.hpp"
#include "shoal/core/json.hpp"

namespace shoal {
namespace {

constexpr std::int64_t most_width = 4096;

/// Numbers of the categories of a data set that no row to train on had.
std::vector<std::int64_t> numbers_unseen(const ColumnEncoding& column, const FeatureColumn& feature) {
  const std::vector<std::string>& known = column.column.categories;
  std::vector<std::int64_t> unseen;
  for (std::size_t k = 0; k < feature.categories.size(); ++k) {
    if (!std::binary_search(known.begin(), known.end(), feature.categories[k]))
      unseen.push_back(static_cast<std::int64_t>(k));
  }
  return unseen;
}

void leave_out(std::vector<std::string>& categories, const Json& unseen) {
  std::vector<bool> left_out(categories.size());
  for (const Json& number : unseen.items()) {
    const std::int64_t k = number.integer();
    if (k < 0 || k >= std::ssize(categories)) throw JsonError(fmt::format("there is no category {}", k));
    left_out[static_cast<std::size_t>(k)] = true;
  }
  std::vector<std::string> kept;
  for (std::size_t k = 0; k < categories.size(); ++k) {
    if (!left_out[k]) kept.push_back(std::move(categories[k]));
  }
  categories = std::move(kept);
}

ColumnEncoding encoding_of_json(const Json& json, const FeatureColumn& feature) {
  ColumnEncoding column{feature};
  if (const std::string& name = json.at("name").string(); name != feature.name)
    throw JsonError(fmt::format("column \"{}\" stands where the table has \"{}\"", name, feature.name));
  column.missing = json.at("missing").boolean();
  column.absent = json.at("absent").boolean();
  if (!feature.has_categories()) {
    column.fill = json.at("fill").number();
    return column;
  }
  if (const Json* unseen = json.find("unseen")) leave_out(column.column.categories, *unseen);
  column.width = json.at("width").integer();
  if (column.width < 0 || column.width > most_width || column.values() > most_categories)
    throw JsonError(fmt::format("column \"{}\" has vectors of {} numbers for {} values", feature.name, column.width,
                                column.values()));
  return column;
}

}  // namespace

std::int64_t ColumnEncoding::inputs() const {
  if (absent) return 0;
  if (!column.has_categories()) return missing ? 2 : 1;
  return embedded() ? 1 : places();
}

std::int64_t Encoding::inputs(std::int64_t features) const {
  if (columns.empty()) return features;
  std::int64_t count = 0;
  for (const ColumnEncoding& column : columns) count += column.inputs();
  return count;
}

std::vector<const ColumnEncoding*> Encoding::embedded() const {
  std::vector<const ColumnEncoding*> found;
  for (const ColumnEncoding& column : columns) {
    if (!column.absent && column.embedded()) found.push_back(&column);
  }
  return found;
}

std::int64_t embedding_width(std::int64_t values) {
  return std::min<std::int64_t>(
      50, static_cast<std::int64_t>(std::ceil(1.6 * std::pow(static_cast<double>(values), 0.56))));
}

void choose_widths(std::vector<ColumnEncoding>& columns, std::int64_t one_hot) {
  for (ColumnEncoding& column : columns) {
    if (!column.column.has_categories() || column.absent) continue;
    column.width = column.values() > one_hot ? embedding_width(column.values()) : 0;
  }
}

void fill_cells(const std::vector<ColumnEncoding>& columns, std::span<double> values) {
  if (columns.empty()) return;
  for (std::size_t at = 0; at < values.size(); at += columns.size()) {
    for (std::size_t d = 0; d < columns.size(); ++d) {
      double& value = values[at + d];
      if (columns[d].column.has_categories())
        value = 0.0;
      else if (std::isnan(value))
        value = columns[d].fill;
    }
  }
}

std::string encoding_text(const Encoding& encoding, const std::vector<FeatureColumn>& features) {
  Json list = Json::array();
  for (std::size_t d = 0; d < encoding.columns.size(); ++d) {
    const ColumnEncoding& column = encoding.columns[d];
    Json json = Json::object({{"name", column.column.name}, {"missing", column.missing}, {"absent", column.absent}});
    if (column.column.has_categories()) {
      json.set("width", column.width);
      if (const auto unseen = numbers_unseen(column, features[d]); !unseen.empty()) json.set("unseen", unseen);
    } else {
      json.set("fill", column.fill);
    }
    list.push(std::move(json));
  }
  return Json::object({{"from_floats", encoding.from_floats}, {"columns", std::move(list)}}).text();
}

Encoding encoding_of_text(const std::string& text, const std::vector<FeatureColumn>& features,
                          const std::string& name) {
  try {
    const Json json = Json::parse(text);
    const Json::Array& list = json.at("columns").items();
    if (list.size() != features.size())
      throw JsonError(fmt::format("it has {} columns for {} features", list.size(), features.size()));
    Encoding encoding;
    encoding.from_floats = json.at("from_floats").boolean();
    for (std::size_t d = 0; d < list.size(); ++d) encoding.columns.push_back(encoding_of_json(list[d], features[d]));
    return encoding;
  } catch (const JsonError& e) {
    throw Error(ExitStatus::bad_data, fmt::format("{}: its encoding is damaged: {}", name, e.what()));
  }
}

}  // namespace shoal
