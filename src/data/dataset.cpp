#include "shoal/data/dataset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "agreement.hpp"
#include "content_hash.hpp"
#include "contents.hpp"
#include "data/import/csv_reader.hpp"
#include "data/refuse.hpp"
#include "shoal/core/error.hpp"
#include "shoal/io/names.hpp"

namespace shoal {
namespace {

constexpr std::int64_t hashed_piece_bytes = std::int64_t{1} << 20;

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("({})", fmt::join(shape, ", ")); }

/// Calls take(bytes) over all of an array, in pieces of whole elements.
template <class Take>
void read_through(const RandomAccessFile& file, const ArrayInfo& array, const Take& take) {
  std::vector<std::byte> buffer;
  for (std::int64_t done = 0; done < array.bytes;) {
    buffer.resize(static_cast<std::size_t>(std::min(hashed_piece_bytes, array.bytes - done)));
    file.read(array.offset + done, buffer);
    take(std::span<const std::byte>(buffer));
    done += static_cast<std::int64_t>(buffer.size());
  }
}

void check_x(const std::string& path, const std::string& array, const ArrayInfo& x) {
  if (x.type != ElementType::uint8 && !is_floating(x.type)) {
    refuse(path, fmt::format("{} is of type {}; store it as uint8, float32 or float64", array, element_name(x.type)));
  }
  if (x.shape.empty() || x.rows() == 0 || x.row_elements() == 0) {
    refuse(path, fmt::format("{} has shape {} and so no values; a split needs rows and features", array,
                             shape_text(x.shape)));
  }
  if (x.row_elements() > most_features) {
    refuse(path, fmt::format("{} has shape {}: {} features a row, more than {}", array, shape_text(x.shape),
                             x.row_elements(), most_features));
  }
}

void check_y(const std::string& path, const std::string& split, const ArrayInfo& x, const ArrayInfo& y) {
  if (y.shape.empty() || y.shape.size() > 2 || y.row_elements() < 1) {
    refuse(path, fmt::format("{}/y has shape {}; it must be (N), or (N, K) of floats", split, shape_text(y.shape)));
  }
  if (y.row_elements() > most_features) {
    refuse(path, fmt::format("{}/y has {} outputs a row, more than {}", split, y.row_elements(), most_features));
  }
  if (y.rows() != x.rows()) {
    refuse(path, fmt::format("{0}/x has {1} rows and {0}/y {2}; each row needs its label", split, x.rows(), y.rows()));
  }
  if (!is_floating(y.type) && y.row_elements() != 1) {
    refuse(path, fmt::format("{}/y is {} of shape {}; several outputs a row must be floats", split,
                             element_name(y.type), shape_text(y.shape)));
  }
}

void check_weight(const std::string& path, const std::string& array, const ArrayInfo& x, const ArrayInfo& weight) {
  if (is_floating(weight.type) && weight.shape == std::vector<std::int64_t>{x.rows()}) return;
  refuse(path, fmt::format("{} is {} of shape {}; it must be a float for each of the {} rows", array,
                           element_name(weight.type), shape_text(weight.shape), x.rows()));
}

void check_group(const std::string& path, const std::string& array, const ArrayInfo& x, const ArrayInfo& group) {
  if (group.type == ElementType::int64 && group.shape == std::vector<std::int64_t>{x.rows()}) return;
  refuse(path, fmt::format("{} is {} of shape {}; it must be int64 with a number for each of the {} rows", array,
                           element_name(group.type), shape_text(group.shape), x.rows()));
}

void check_id(const std::string& path, const std::string& array, const ArrayInfo& x, const ArrayInfo& id) {
  if (id.type == ElementType::uint8 && id.shape.size() == 2 && id.rows() == x.rows() && id.shape[1] > 0) return;
  refuse(path, fmt::format("{} is {} of shape {}; it must be uint8 with a text for each of the {} rows", array,
                           element_name(id.type), shape_text(id.shape), x.rows()));
}

/// Greatest label + 1 of a split.
std::int64_t count_classes(const RandomAccessFile& file, const std::string& path, const std::string& split,
                           const ArrayInfo& y) {
  const std::size_t width = element_bytes(y.type);
  std::int64_t greatest = -1;
  std::int64_t row = 0;
  read_through(file, y, [&](std::span<const std::byte> bytes) {
    for (std::size_t at = 0; at < bytes.size(); at += width, ++row) {
      const std::int64_t label = label_at(y.type, bytes.data() + at);
      if (label < 0 || label >= most_classes) {
        refuse(path, fmt::format("{}/y row {} is {}; labels must be class numbers from 0, below {}", split, row, label,
                                 most_classes));
      }
      greatest = std::max(greatest, label);
    }
  });
  return greatest + 1;
}

constexpr std::array<std::string_view, 5> split_members{"x", "y", "weight", "group", "ids"};

}  // namespace

Dataset Dataset::open(const std::string& file, const std::string& name) {
  const H5Reader reader(file);
  const std::string& path = name.empty() ? file : name;
  auto contents = std::make_shared<Split::Contents>(file, path);
  if (const auto text = read_names(reader, "table"); text && !text->empty())
    contents->table = table_of_text(text->front(), path);
  contents->file_columns = contents->table;
  if (const auto text = read_names(reader, "file_columns"); text && !text->empty() && !contents->table)
    contents->file_columns = table_of_text(text->front(), path);
  contents->id_names = contents->file_columns ? contents->file_columns->ids
                                              : read_names(reader, "id_names").value_or(std::vector<std::string>());
  if (const auto twice = find_twice(contents->id_names))
    refuse(path, fmt::format("ids {} and {} are both called \"{}\"; give one another name", twice->first, twice->second,
                             shown(contents->id_names[twice->first])));
  for (const std::string& name : reader.list()) {
    if (!reader.is_group(name) || !reader.contains(name + "/x")) continue;
    Split::Contents::Arrays arrays;
    arrays.name = name;
    arrays.x = reader.array(name + "/x");
    check_x(path, name + "/x", arrays.x);
    if (reader.contains(name + "/y")) {
      arrays.y = reader.array(name + "/y");
      check_y(path, name, arrays.x, *arrays.y);
    }
    if (reader.contains(name + "/weight")) {
      arrays.weight = reader.array(name + "/weight");
      check_weight(path, name + "/weight", arrays.x, *arrays.weight);
    }
    if (reader.contains(name + "/group")) {
      arrays.group = reader.array(name + "/group");
      check_group(path, name + "/group", arrays.x, *arrays.group);
    }
    for (std::size_t i = 0; i < contents->id_names.size(); ++i) {
      const std::string id = fmt::format("{}/ids/{}", name, i);
      arrays.ids.push_back(reader.array(id));
      check_id(path, id, arrays.x, arrays.ids.back());
    }
    for (const std::string& member : reader.list(name)) {
      if (std::ranges::find(split_members, member) == split_members.end())
        contents->unread.push_back(fmt::format("{}/{}", name, member));
    }
    contents->splits.push_back(std::move(arrays));
  }
  if (contents->splits.empty()) {
    refuse(path, "no data set: it has no group (train, validation, test) with an array x; make one with shoal import");
  }

  // All splits must fit one model.
  const Split::Contents::Arrays& first = contents->splits.front();
  contents->shape.assign(first.x.shape.begin() + 1, first.x.shape.end());
  contents->features = first.x.row_elements();
  const Split::Contents::Arrays* with_y = nullptr;
  for (const auto& split : contents->splits) {
    const std::vector<std::int64_t> shape(split.x.shape.begin() + 1, split.x.shape.end());
    if (shape != contents->shape) {
      refuse(path, fmt::format("rows of {}/x have shape {} and those of {}/x {}; all splits need the same", first.name,
                               shape_text(contents->shape), split.name, shape_text(shape)));
    }
    // Bytes and floats are seldom on one scale: images as 0 to 255 here and 0 to 1 there.
    if (is_floating(split.x.type) != is_floating(first.x.type)) {
      refuse(path, fmt::format("{}/x is {} and {}/x {}; store both as {}", first.name, element_name(first.x.type),
                               split.name, element_name(split.x.type),
                               element_name(is_floating(first.x.type) ? first.x.type : split.x.type)));
    }
    if (!split.y) continue;
    if (with_y == nullptr) with_y = &split;
    if (split.labels() != with_y->labels() || split.y->row_elements() != with_y->y->row_elements()) {
      refuse(path, fmt::format("{}/y is {} of shape {} and {}/y {} of shape {}; all splits need the same kind",
                               with_y->name, element_name(with_y->y->type), shape_text(with_y->y->shape), split.name,
                               element_name(split.y->type), shape_text(split.y->shape)));
    }
  }

  contents->classes = reader.attribute<std::int64_t>("classes").value_or(0);
  if (contents->classes < 0 || contents->classes > most_classes) {
    refuse(path, fmt::format("the attribute classes is {}; it must be in 0..{}", contents->classes, most_classes));
  }
  if (contents->classes == 0) {
    const bool has_train = std::any_of(contents->splits.begin(), contents->splits.end(),
                                       [](const auto& split) { return split.name == "train" && split.labels(); });
    for (const auto& split : contents->splits) {
      if (!split.labels() || (has_train && split.name != "train")) continue;
      contents->classes = std::max(contents->classes, count_classes(contents->file, path, split.name, *split.y));
    }
  }
  const ArraysFound found{contents->shape, contents->features,
                          with_y != nullptr && with_y->targets() ? with_y->y->row_elements() : 0};
  check_features_agree(reader, found);
  if (contents->file_columns) check_table_agrees(reader, found, *contents->file_columns);
  contents->columns =
      contents->table ? contents->table->names() : read_names(reader, "columns").value_or(std::vector<std::string>());
  const auto names = read_names(reader, "class_names");
  // Of floats the names alone say how many classes there are.
  if (contents->classes == 0 && found.outputs > 0 && names) contents->classes = std::ssize(*names);
  check_classes_agree(reader, found, contents->classes, names);
  if (contents->file_columns) contents->target_names = contents->file_columns->labels;
  const bool named = names && !names->empty();
  if (found.outputs > 0 && contents->classes == found.outputs) {  // a row may have several
    contents->classes = 0;
    if (named) contents->target_names = *names;
  } else if (named) {
    contents->class_names = *names;
    contents->names_classes = true;
  } else {
    contents->class_names = number_names(contents->classes);
  }
  contents->content = reader.attribute<std::string>("content");
  return Dataset(std::move(contents));
}

const std::string& Dataset::path() const { return contents_->path; }

std::vector<std::string> Dataset::names() const {
  std::vector<std::string> names;
  for (const auto& split : contents_->splits) names.push_back(split.name);
  return names;
}

bool Dataset::has(const std::string& split) const {
  return std::any_of(contents_->splits.begin(), contents_->splits.end(),
                     [&](const auto& arrays) { return arrays.name == split; });
}

Split Dataset::split(const std::string& name) const {
  for (std::size_t i = 0; i < contents_->splits.size(); ++i) {
    if (contents_->splits[i].name == name) return Split(contents_, i);
  }
  refuse(path(), fmt::format("no split \"{}\"; there are {}", name, fmt::join(names(), ", ")));
}

std::int64_t Dataset::classes() const { return contents_->classes; }
const std::vector<std::string>& Dataset::class_names() const { return contents_->class_names; }
bool Dataset::names_classes() const { return contents_->names_classes; }
const std::vector<std::string>& Dataset::target_names() const { return contents_->target_names; }
const std::vector<std::int64_t>& Dataset::shape() const { return contents_->shape; }
const std::optional<TableDescription>& Dataset::table() const { return contents_->table; }
const std::vector<std::string>& Dataset::columns() const { return contents_->columns; }

const std::optional<TableDescription>& Dataset::file_columns() const { return contents_->file_columns; }

std::string Dataset::note_on_unread(const std::string& validated) const {
  std::vector<std::string> unread = contents_->unread;
  for (const auto& split : contents_->splits) {
    const bool known =
        split.name == "train" || split.name == "validation" || split.name == "test" || split.name == validated;
    if (!known && !has("validation")) unread.push_back(split.name);
  }
  if (unread.empty()) return "";
  return fmt::format("{}: {} {} not read: training takes x, y, weight, group of the splits train and validation",
                     path(), fmt::join(unread, ", "), unread.size() == 1 ? "is" : "are");
}

std::string Dataset::content() const {
  if (contents_->content) return *contents_->content;
  ContentHash hash;
  for (const auto& split : contents_->splits) {
    const auto add = [&](const std::string& name, const ArrayInfo& array) {
      hash.begin_array(split.name + name, array.type, array.shape);
      read_through(contents_->file, array, [&](std::span<const std::byte> bytes) { hash.add(bytes); });
    };
    add("/x", split.x);
    if (split.y) add("/y", *split.y);
    if (split.weight) add("/weight", *split.weight);
    if (split.group) add("/group", *split.group);
  }
  if (contents_->table) hash.add_text(table_text(*contents_->table));
  contents_->content = hash.hex();
  return *contents_->content;
}

}  // namespace shoal
