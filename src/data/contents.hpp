#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>

#include "shoal/data/dataset.hpp"
#include "shoal/io/file.hpp"
#include "shoal/io/h5_file.hpp"

namespace shoal {

struct ArraysFound;

static_assert(std::endian::native == std::endian::little, "rows are taken from the file as they are");

/// Of one row; wider ones would take memory by the gigabyte, for a small file that only says so.
constexpr std::int64_t most_features = std::int64_t{1} << 26;

/// HDF5 has no arrays of more dimensions.
constexpr std::size_t most_dimensions = 32;

/// What the splits of one open data set share.
struct Split::Contents {
  struct Arrays {
    std::string name;
    ArrayInfo x;
    std::optional<ArrayInfo> y;
    std::optional<ArrayInfo> weight;
    std::optional<ArrayInfo> group;
    std::vector<ArrayInfo> ids;
    bool labels() const { return y && !is_floating(y->type); }
    bool targets() const { return y && is_floating(y->type); }
    /// What is kept in memory where rows are, in that order; null: there is no such array.
    std::array<const ArrayInfo*, 3> stored() const { return {&x, y ? &*y : nullptr, weight ? &*weight : nullptr}; }
    std::int64_t stored_bytes() const { return x.bytes + (y ? y->bytes : 0) + (weight ? weight->bytes : 0); }
  };

  Contents(const std::string& file_path, const std::string& name) : path(name), file(file_path) {}

  // What Dataset::open() does, in this order. Each throws Error(bad_data) that names the file, or what it is called.
  void read_columns(const H5Reader& reader);
  void read_splits(const H5Reader& reader);
  /// All splits must fit one model. Returns the floats of y a row; 0 where y holds labels, or is not there.
  std::int64_t take_shapes();
  /// How many there are: the attribute, else counted.
  void find_classes(const H5Reader& reader);
  void name_classes(const H5Reader& reader, const ArraysFound& found);
  Arrays read_arrays(const H5Reader& reader, const std::string& name) const;
  /// Of what the content is a hash of.
  std::int64_t array_bytes() const;

  std::string path;  // or what it is called
  RandomAccessFile file;
  std::vector<Arrays> splits;  // sorted by name
  std::vector<std::int64_t> shape;
  std::int64_t features = 1;
  std::int64_t classes = 0;
  std::vector<std::string> class_names;
  bool names_classes = false;             // in the file
  std::vector<std::string> target_names;  // of the floats of y; empty: not known
  std::optional<TableDescription> table;
  std::optional<TableDescription> file_columns;  // the table, or the same where there is none
  std::vector<std::string> id_names;             // of the ids of each split
  std::vector<std::string> columns;              // of the features; may be empty
  std::vector<std::string> unread;               // paths in splits that mean nothing here
  mutable std::optional<std::string> content;    // computed when it is asked for; of a large file its attribute
};

template <class T>
T element_at(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// The label at `bytes`, of any whole-number type; those beyond int64 come out as its greatest number.
inline std::int64_t label_at(ElementType type, const std::byte* bytes) {
  switch (type) {
    case ElementType::uint8: return element_at<std::uint8_t>(bytes);
    case ElementType::uint16: return element_at<std::uint16_t>(bytes);
    case ElementType::uint32: return element_at<std::uint32_t>(bytes);
    case ElementType::uint64:
      return static_cast<std::int64_t>(
          std::min<std::uint64_t>(element_at<std::uint64_t>(bytes), std::numeric_limits<std::int64_t>::max()));
    case ElementType::int8: return element_at<std::int8_t>(bytes);
    case ElementType::int16: return element_at<std::int16_t>(bytes);
    case ElementType::int32: return element_at<std::int32_t>(bytes);
    default: return element_at<std::int64_t>(bytes);
  }
}

}  // namespace shoal
