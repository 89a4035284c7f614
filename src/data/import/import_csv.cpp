#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "csv_reader.hpp"
#include "data/agreement.hpp"
#include "labels.hpp"
#include "shoal/core/error.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/import.hpp"
#include "shoal/io/h5_file.hpp"
#include "shoal/io/names.hpp"
#include "splits.hpp"

namespace shoal {
namespace {

using Cells = std::vector<std::string>;
constexpr std::size_t no_column = static_cast<std::size_t>(-1);

/// What the other set fixes.
struct Like {
  Dataset data;
  std::vector<std::string> columns;
  std::int64_t features;
  bool bytes;    // x is uint8
  bool targets;  // y is floats

  static Like open(const std::string& path) {
    const Dataset data = Dataset::open(path);
    const Split split = data.split(data.has("train") ? "train" : data.names().front());
    Cells columns = read_names(H5Reader(path), "columns").value_or(Cells{});
    if (const auto twice = find_twice(columns))
      throw Error(ExitStatus::bad_data,
                  fmt::format("{}: columns {} and {} are both called \"{}\"; import it again with other names", path,
                              twice->first, twice->second, shown(columns[twice->first])));
    return {data, std::move(columns), split.features(), split.element_type() == ElementType::uint8,
            split.has_targets()};
  }
};

/// Which cells of a row are what.
struct Layout {
  std::size_t width = 0;
  std::size_t label = no_column;
  std::vector<std::size_t> features;
  Cells names;  // of all columns; empty without a header

  Cells feature_names() const {
    Cells result;
    if (names.empty()) return result;
    for (const std::size_t c : features) result.push_back(names[c]);
    return result;
  }
};

[[noreturn]] void refuse_options(const std::string& what) { throw Error(ExitStatus::usage, what); }

bool is_column_number(const std::string& label) {
  return !label.empty() && label.size() < 10 &&
         std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A table of one column that other programs would cut into several.
void check_separator(const std::string& file, const Cells& first) {
  if (first.size() != 1) return;
  for (const auto& [separator, name] : {std::pair{';', "semicolon"}, std::pair{'\t', "tab"}}) {
    if (first[0].find(separator) != std::string::npos)
      throw Error(
          ExitStatus::bad_data,
          fmt::format("{}:1: one cell with a {} in it; put commas between columns, and points in numbers", file, name));
  }
}

/// Where the label is and whether line 1 is a header, by the rules of CsvOptions.
Layout layout_of(const CsvOptions& options, const Cells& first) {
  check_separator(options.file, first);
  Layout layout;
  layout.width = first.size();
  const bool numbered = is_column_number(options.label);
  if (numbered) {
    layout.label = std::stoul(options.label);
    if (layout.label >= layout.width) {
      refuse_options(fmt::format("--label {}: {} has {} columns; give a number in 0..{}", options.label, options.file,
                                 layout.width, layout.width - 1));
    }
  }
  bool header = !numbered && !options.label.empty();
  if (options.header) {
    if (header && !*options.header) {
      refuse_options(
          fmt::format("--label {} is a name and --header no says there are none; give a number from 0", options.label));
    }
    header = *options.header;
  } else if (!header) {
    for (std::size_t c = 0; c < first.size(); ++c) header |= c != layout.label && !parse_number(first[c]);
  }
  if (header) {
    for (const std::string& cell : first) layout.names.emplace_back(trimmed(cell));
  }
  if (!numbered && !options.label.empty()) {
    const auto found = std::find(layout.names.begin(), layout.names.end(), options.label);
    if (found == layout.names.end()) {
      const std::string near = nearest_word(options.label, layout.names);
      refuse_options(fmt::format("--label {}: no such column in {}{}", options.label, options.file,
                                 near.empty() ? "; its first is \"" + shown(layout.names[0]) + "\""
                                              : "; did you mean \"" + shown(near) + "\"?"));
    }
    layout.label = static_cast<std::size_t>(found - layout.names.begin());
    if (std::find(found + 1, layout.names.end(), options.label) != layout.names.end())
      refuse_options(fmt::format("--label {}: {} has several columns of that name; give its number from 0",
                                 options.label, options.file));
  }
  for (std::size_t c = 0; c < layout.width; ++c) {
    if (c != layout.label) layout.features.push_back(c);
  }
  if (const auto twice = find_twice(layout.feature_names()))
    throw Error(ExitStatus::bad_data,
                fmt::format("{}:1: columns {} and {} are both called \"{}\"; rename one of them", options.file,
                            layout.features[twice->first], layout.features[twice->second],
                            shown(layout.names[layout.features[twice->first]])));
  return layout;
}

/// Takes the features that the other set has, in its order.
void take_columns(const CsvOptions& options, const Like& like, Layout& layout) {
  if (!like.columns.empty() && !layout.names.empty()) {
    const std::vector<std::size_t> features = std::exchange(layout.features, {});
    for (const std::string& name : like.columns) {
      const auto found =
          std::find_if(features.begin(), features.end(), [&](std::size_t c) { return layout.names[c] == name; });
      if (found == features.end()) {
        throw Error(ExitStatus::bad_data,
                    fmt::format("{}: no column \"{}\", which {} has; add it, or import without --like", options.file,
                                shown(name), options.like));
      }
      layout.features.push_back(*found);
    }
  }
  if (static_cast<std::int64_t>(layout.features.size()) != like.features) {
    throw Error(ExitStatus::bad_data, fmt::format("{}: {} feature columns, {} has {}; both need the same", options.file,
                                                  layout.features.size(), options.like, like.features));
  }
}

/// @throws Error(usage)  when the shape asked for has more or fewer values than there are features
std::vector<std::int64_t> row_shape(const CsvOptions& options, std::int64_t features) {
  if (options.shape.empty()) return {features};
  std::int64_t left = features;
  for (const std::int64_t extent : options.shape) left = extent > 0 && left % extent == 0 ? left / extent : 0;
  if (left != 1)
    refuse_options(fmt::format("--shape {} has another number of values than the {} feature columns of {}",
                               fmt::join(options.shape, ","), features, options.file));
  return options.shape;
}

float feature(const CsvReader& reader, const Layout& layout, std::size_t column, const std::string& cell) {
  const std::optional<double> value = parse_number(cell);
  if (value && std::isfinite(static_cast<float>(*value))) return static_cast<float>(*value);
  const std::string name = layout.names.empty() ? "" : fmt::format(" (\"{}\")", shown(layout.names[column]));
  const std::string place = fmt::format("{}:{}: column {}{}", reader.path(), reader.line(), column, name);
  if (trimmed(cell).empty()) throw Error(ExitStatus::bad_data, place + " is empty; fill it in or remove the row");
  throw Error(ExitStatus::bad_data,
              fmt::format("{} is \"{}\", {}", place, shown(cell),
                          value ? "not a finite float32; replace it or remove the row"
                                : "not a number; turn it into numbers, or name it with --label if it is the label"));
}

}  // namespace

DatasetSummary import_csv(const CsvOptions& options, const std::string& out) {
  std::optional<Like> like;
  if (!options.like.empty()) like = Like::open(options.like);
  if (options.regression && options.label.empty()) refuse_options("--regression needs --label, the column to predict");
  if (options.regression && like && like->data.classes() > 0)
    refuse_options(fmt::format("--regression takes numbers, and {} has classes; leave out one of them", options.like));
  if (options.classes && (options.regression || (like && like->targets)))
    refuse_options(fmt::format("--classes says that labels are classes, and {} that they are numbers; leave out one",
                               options.regression ? "--regression" : options.like));
  if (like && !options.shape.empty())
    refuse_options(fmt::format("--shape and --like {} both give the shape; leave out one", options.like));
  CsvReader reader(options.file);
  Cells cells;
  if (!reader.next(cells))
    throw Error(ExitStatus::bad_data, fmt::format("{}: the file is empty; fetch it again", options.file));
  Layout layout = layout_of(options, cells);
  if (like) take_columns(options, *like, layout);
  if (layout.features.empty()) {
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: no column besides the label; features are needed", options.file));
  }

  std::vector<float> values;
  std::vector<std::string> texts;
  std::vector<std::int64_t> lines;
  bool all_bytes = !like || like->bytes;
  bool more = layout.names.empty() || reader.next(cells);
  for (; more; more = reader.next(cells)) {
    if (cells.size() != layout.width) {
      throw Error(ExitStatus::bad_data, fmt::format("{}:{}: {} cells where line 1 has {}; each row needs the same",
                                                    options.file, reader.line(), cells.size(), layout.width));
    }
    for (const std::size_t c : layout.features) {
      const float value = feature(reader, layout, c, cells[c]);
      all_bytes = all_bytes && value >= 0.0F && value <= 255.0F && std::floor(value) == value;
      values.push_back(value);
    }
    lines.push_back(reader.line());
    if (layout.label != no_column) texts.push_back(cells[layout.label]);
  }
  if (lines.empty())
    throw Error(ExitStatus::bad_data,
                fmt::format("{}: no row below the header; add rows, or use --header no", options.file));

  TableNotes notes;
  notes.source = file_name(options.file);
  notes.columns = layout.names.empty() && like ? like->columns : layout.feature_names();
  Table table;
  table.rows = static_cast<std::int64_t>(lines.size());
  std::vector<std::int64_t> shape = row_shape(options, static_cast<std::int64_t>(layout.features.size()));
  if (like) shape = like->data.shape();
  if (all_bytes) {
    std::vector<std::uint8_t> bytes(values.size());
    std::transform(values.begin(), values.end(), bytes.begin(), [](float v) { return static_cast<std::uint8_t>(v); });
    table.x = column_of(std::move(bytes), std::move(shape));
  } else {
    table.x = column_of(std::move(values), std::move(shape));
  }

  if (like) notes.class_names = like->data.class_names();
  if (layout.label != no_column) {
    const Place place = [&](std::size_t i) { return fmt::format("{}:{}", options.file, lines[i]); };
    Labels labels = like && like->data.classes() > 0                ? labels_like(texts, notes.class_names, place)
                    : options.regression || (like && like->targets) ? targets_from_texts(texts, place)
                                                                    : labels_from_texts(texts, place, options.classes);
    notes.class_names = labels.class_names;
    table.y = std::move(labels).column();
  }
  return write_splits(plan_splits(table, nullptr, options.split), notes, out);
}

}  // namespace shoal
