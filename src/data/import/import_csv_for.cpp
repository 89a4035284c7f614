#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "csv_reader.hpp"
#include "data/agreement.hpp"
#include "labels.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/import.hpp"
#include "table.hpp"

namespace shoal {
namespace {

using Cells = std::vector<std::string>;

std::optional<std::size_t> place_of(const Cells& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

DatasetSummary import_csv_for(const CsvForModel& wanted, const std::string& out) {
  const std::string& file = wanted.files.at(0);
  CsvReader reader(file);
  Cells names;
  if (!reader.next(names)) throw Error(ExitStatus::bad_data, fmt::format("{}: the file is empty", file));
  for (std::string& name : names) name = trimmed(name);
  const auto place_required = [&](const std::string& name) {
    if (const auto place = place_of(names, name)) return *place;
    throw Error(ExitStatus::bad_data, fmt::format("{}: no column \"{}\", which the model needs", file, shown(name)));
  };
  std::vector<std::size_t> features;
  for (const FeatureColumn& column : wanted.table.features) features.push_back(place_required(column.name));
  std::vector<std::size_t> labels;
  for (const std::string& name : wanted.table.labels) {
    if (const auto place = place_of(names, name); place && wanted.labels) labels.push_back(*place);
  }
  const bool labelled = !labels.empty() && labels.size() == wanted.table.labels.size();

  TableDescription table = wanted.table;
  std::vector<std::map<std::string, double>> codes(features.size());
  std::vector<double> x;
  std::vector<Cells> label_texts(labels.size());
  std::vector<std::int64_t> lines;
  Cells cells;
  while (reader.next(cells)) {
    if (cells.size() != names.size())
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}:{}: {} cells where line 1 has {}", file, reader.line(), cells.size(), names.size()));
    for (std::size_t c = 0; c < features.size(); ++c) {
      const std::string text(trimmed(cells[features[c]]));
      const auto& missing = table.missing;
      if (table.features[c].has_categories()) {
        x.push_back(text.empty() ? std::numeric_limits<double>::quiet_NaN()
                                 : codes[c].emplace(text, static_cast<double>(codes[c].size())).first->second);
      } else if (text.empty() || std::find(missing.begin(), missing.end(), text) != missing.end()) {
        x.push_back(std::numeric_limits<double>::quiet_NaN());
      } else if (const auto value = parse_number(text); value && std::isfinite(*value)) {
        x.push_back(*value);
      } else {
        throw Error(ExitStatus::bad_data, fmt::format("{}:{}: column \"{}\" is \"{}\", not a number", file,
                                                      reader.line(), shown(names[features[c]]), shown(text)));
      }
    }
    lines.push_back(reader.line());
    for (std::size_t l = 0; l < labels.size(); ++l) label_texts[l].push_back(cells[labels[l]]);
  }
  for (std::size_t c = 0; c < features.size(); ++c) {
    table.features[c].categories.resize(codes[c].size());
    std::vector<double> sorted(codes[c].size());
    double next = 0;
    for (auto& [text, code] : codes[c]) {
      table.features[c].categories[static_cast<std::size_t>(next)] = text;
      sorted[static_cast<std::size_t>(code)] = next++;
    }
    for (std::size_t at = c; at < x.size(); at += features.size()) {
      if (table.features[c].has_categories() && !std::isnan(x[at])) x[at] = sorted[static_cast<std::size_t>(x[at])];
    }
  }
  table.weight.clear();
  table.ids.clear();
  Table rows;
  rows.rows = static_cast<std::int64_t>(lines.size());
  rows.x = column_of(std::move(x), {static_cast<std::int64_t>(features.size())});
  TableNotes notes;
  notes.source = file_name(file);
  if (labelled) {
    const Place place = [&](std::size_t i) { return fmt::format("{}:{}", file, lines[i]); };
    if (!wanted.class_names.empty()) {
      rows.y = labels_like(label_texts[0], wanted.class_names, place).column();
    } else if (labels.size() == 1) {
      rows.y = targets_from_texts(label_texts[0], place).column();
    }
    notes.class_names = wanted.class_names;
  } else {
    table.labels.clear();
  }
  notes.table = table;
  return write_splits({{"test", &rows, rows.rows, [](std::int64_t i, std::int64_t) { return i; }}}, notes, out);
}

}  // namespace shoal
