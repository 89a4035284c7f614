#pragma once

// Data sets in HDF5: arrays that are contiguous and unfiltered, so that rows are read by offset from the file. Files
// are written by the HDF5 library and read without it: it was not made for files that want to harm.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shoal/io/element_type.hpp"

namespace shoal {

/// Version of the HDF5 library in use, such as "1.10.8".
std::string hdf5_version();

/// Where an array lies in its file: row-major, little endian, elements [offset, offset + bytes) of the file's bytes.
struct ArrayInfo {
  ElementType type = ElementType::float32;
  std::vector<std::int64_t> shape;
  std::int64_t offset = 0;  ///< of the file itself, a user block included; 0 for an array without elements
  std::int64_t bytes = 0;

  std::int64_t rows() const { return shape.empty() ? 1 : shape[0]; }
  std::int64_t row_elements() const;  ///< product of all extents but the first
  std::int64_t row_bytes() const;
};

/// What an HDF5 file holds and where, read once, at the start; RandomAccessFile reads the numbers. Takes the
/// superblocks 0, 2 and 3, groups that are not kept in heaps, and little of what HDF5 knows beside arrays of plain
/// numbers.
class H5Reader {
 public:
  /// @throws Error(no_input) when there is no such file, Error(bad_data) when it is not HDF5, is cut short or damaged:
  ///         parts beyond its end, in two places or in each other, groups nested deeper than 32, more than 64 MiB of
  ///         description
  explicit H5Reader(std::filesystem::path path);
  H5Reader(H5Reader&&) noexcept;
  H5Reader& operator=(H5Reader&&) noexcept;
  ~H5Reader();

  const std::filesystem::path& path() const;

  /// Whether there is a group or array of that name ("train", "train/x").
  /// @throws Error(bad_data) for a link, for what is linked twice, for a group in a heap; says what to do
  bool contains(const std::string& path) const;
  bool is_group(const std::string& path) const;
  /// Names of the members of a group, sorted bytewise; "/" is the root. @throws Error(bad_data) when it is no group
  std::vector<std::string> list(const std::string& group = "/") const;

  /// @throws Error(bad_data) when there is no such array, or when it is chunked, compressed, external, never written,
  ///         big endian, of another element type, or partly beyond the file's end; says which and what to do
  ArrayInfo array(const std::string& path) const;

  /// What an array of uint8 with one dimension holds; nothing when there is no such array at `path`.
  std::optional<std::vector<std::byte>> bytes(const std::string& path) const;

  /// A root attribute, nothing when there is none. T: int64_t, double (whole numbers too), string, vector<int64_t>,
  /// vector<string>. Strings of fixed and variable length. @throws Error(bad_data) when it is of another type
  template <class T>
  std::optional<T> attribute(const std::string& name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Writes an HDF5 file row by row, never holding an array. It grows under a temporary name and takes its place in
/// finish(); without that call the temporary file is removed and what was at `path` is as before. The bytes are a
/// function of the calls. @throws Error(input_output) from every call: full disk, unwritable
class H5Writer {
 public:
  explicit H5Writer(const std::filesystem::path& path);
  H5Writer(H5Writer&&) noexcept;
  H5Writer& operator=(H5Writer&&) noexcept;
  ~H5Writer();

  /// Takes the place on disk at once, so that a full disk shows here; groups in `path` are made as needed.
  void create_array(const std::string& path, ElementType type, const std::vector<std::int64_t>& shape);
  /// Whole rows (index of the first dimension) from `first_row` on, little endian, in any order of calls, by
  /// several threads at a time. Every row must be written before finish().
  void write_rows(const std::string& path, std::int64_t first_row, std::span<const std::byte> rows);
  /// A root attribute; replaces one of that name.
  void set_attribute(const std::string& name, const Attribute& value);
  /// Flushes, syncs and moves the file to its place. Nothing may follow.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace shoal
