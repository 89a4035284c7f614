#include "shoal/data/dataset.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "agreement.hpp"
#include "content_hash.hpp"
#include "contents.hpp"
#include "data/refuse.hpp"
#include "data/split/split_parts.hpp"
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

/// Bytes whose hash is computed whenever it is needed: rows may have been changed in place, and the attribute not.
constexpr std::int64_t most_hashed = std::int64_t{1} << 27;

constexpr std::array<std::string_view, 5> split_members{"x", "y", "weight", "group", "ids"};

}  // namespace

void Split::Contents::read_columns(const H5Reader& reader) {
  if (const auto text = read_names(reader, "table"); text && !text->empty()) table = table_of_text(text->front(), path);
  file_columns = table;
  if (const auto text = read_names(reader, "file_columns"); text && !text->empty() && !table)
    file_columns = table_of_text(text->front(), path);
  id_names = file_columns ? file_columns->ids : read_names(reader, "id_names").value_or(std::vector<std::string>());
  if (const auto twice = find_twice(id_names))
    refuse(path, fmt::format("ids {} and {} are both called \"{}\"; give one another name", twice->first, twice->second,
                             shown(id_names[twice->first])));
}

Split::Contents::Arrays Split::Contents::read_arrays(const H5Reader& reader, const std::string& name) const {
  Arrays arrays;
  arrays.name = name;
  const auto read_if_there = [&](const char* member, const auto& check) -> std::optional<ArrayInfo> {
    const std::string array = name + member;
    if (!reader.contains(array)) return std::nullopt;
    ArrayInfo found = reader.array(array);
    check(path, array, arrays.x, found);
    return found;
  };
  arrays.x = reader.array(name + "/x");
  check_x(path, name + "/x", arrays.x);
  arrays.y =
      read_if_there("/y", [&](const auto&, const auto&, const auto& x, const auto& y) { check_y(path, name, x, y); });
  arrays.weight = read_if_there("/weight", check_weight);
  arrays.group = read_if_there("/group", check_group);
  for (std::size_t i = 0; i < id_names.size(); ++i) {
    const std::string id = fmt::format("{}/ids/{}", name, i);
    arrays.ids.push_back(reader.array(id));
    check_id(path, id, arrays.x, arrays.ids.back());
  }
  return arrays;
}

void Split::Contents::read_splits(const H5Reader& reader) {
  for (const std::string& name : reader.list()) {
    if (!reader.is_group(name) || !reader.contains(name + "/x")) continue;
    splits.push_back(read_arrays(reader, name));
    for (const std::string& member : reader.list(name)) {
      if (std::ranges::find(split_members, member) == split_members.end())
        unread.push_back(fmt::format("{}/{}", name, member));
    }
  }
  if (splits.empty()) {
    refuse(path, "no data set: it has no group (train, validation, test) with an array x; make one with shoal import");
  }
}

std::int64_t Split::Contents::take_shapes() {
  const Arrays& first = splits.front();
  shape.assign(first.x.shape.begin() + 1, first.x.shape.end());
  features = first.x.row_elements();
  const Arrays* with_y = nullptr;
  for (const Arrays& split : splits) {
    const std::vector<std::int64_t> other(split.x.shape.begin() + 1, split.x.shape.end());
    if (other != shape) {
      refuse(path, fmt::format("rows of {}/x have shape {} and those of {}/x {}; all splits need the same", first.name,
                               shape_text(shape), split.name, shape_text(other)));
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
  return with_y != nullptr && with_y->targets() ? with_y->y->row_elements() : 0;
}

void Split::Contents::find_classes(const H5Reader& reader) {
  classes = reader.attribute<std::int64_t>("classes").value_or(0);
  if (classes < 0 || classes > most_classes) {
    refuse(path, fmt::format("the attribute classes is {}; it must be in 0..{}", classes, most_classes));
  }
  if (classes > 0) return;
  const bool has_train =
      std::ranges::any_of(splits, [](const Arrays& split) { return split.name == "train" && split.labels(); });
  for (const Arrays& split : splits) {
    if (!split.labels() || (has_train && split.name != "train")) continue;
    classes = std::max(classes, count_classes(file, path, split.name, *split.y));
  }
}

void Split::Contents::name_classes(const H5Reader& reader, const ArraysFound& found) {
  const auto names = read_names(reader, "class_names");
  // Of floats the names alone say how many classes there are.
  if (classes == 0 && found.outputs > 0 && names) classes = std::ssize(*names);
  check_classes_agree(reader, found, classes, names);
  if (file_columns) target_names = file_columns->labels;
  const bool named = names && !names->empty();
  if (found.outputs > 0 && classes == found.outputs) {  // a row may have several
    classes = 0;
    if (named) target_names = *names;
  } else if (named) {
    class_names = *names;
    names_classes = true;
  } else {
    class_names = number_names(classes);
  }
}

Dataset Dataset::open(const std::string& file, const std::string& name) {
  const H5Reader reader(file);
  auto contents = std::make_shared<Split::Contents>(file, name.empty() ? file : name);
  contents->read_columns(reader);
  contents->read_splits(reader);
  const std::int64_t outputs = contents->take_shapes();
  contents->find_classes(reader);
  const ArraysFound found{contents->shape, contents->features, outputs};
  check_features_agree(reader, found);
  if (contents->file_columns) check_table_agrees(reader, found, *contents->file_columns);
  contents->columns =
      contents->table ? contents->table->names() : read_names(reader, "columns").value_or(std::vector<std::string>());
  contents->name_classes(reader, found);
  if (contents->array_bytes() > most_hashed) contents->content = reader.attribute<std::string>("content");
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

Split Dataset::split(const std::string& name) const { return joined({name}); }

Split Dataset::joined(const std::vector<std::string>& names) const {
  return Split(contents_, std::make_shared<const Split::Parts>(*contents_, names));
}

std::int64_t Dataset::classes() const { return contents_->classes; }
const std::vector<std::string>& Dataset::class_names() const { return contents_->class_names; }
bool Dataset::names_classes() const { return contents_->names_classes; }
const std::vector<std::string>& Dataset::target_names() const { return contents_->target_names; }
const std::vector<std::int64_t>& Dataset::shape() const { return contents_->shape; }
const std::optional<TableDescription>& Dataset::table() const { return contents_->table; }
const std::vector<std::string>& Dataset::columns() const { return contents_->columns; }

const std::optional<TableDescription>& Dataset::file_columns() const { return contents_->file_columns; }

std::string Dataset::note_on_unread(const std::vector<std::string>& used) const {
  std::vector<std::string> unread = contents_->unread;
  for (const auto& split : contents_->splits) {
    const bool known = split.name == "train" || split.name == "validation" || split.name == "test" ||
                       std::ranges::find(used, split.name) != used.end();
    if (!known && !has("validation")) unread.push_back(split.name);
  }
  if (unread.empty()) return "";
  return fmt::format("{}: {} {} not read: training takes x, y, weight, group of the splits train and validation",
                     path(), fmt::join(unread, ", "), unread.size() == 1 ? "is" : "are");
}

std::int64_t Split::Contents::array_bytes() const {
  std::int64_t bytes = 0;
  for (const Arrays& split : splits) {
    bytes += split.x.bytes;
    for (const auto* array : {&split.y, &split.weight, &split.group}) bytes += *array ? (*array)->bytes : 0;
  }
  return bytes;
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
