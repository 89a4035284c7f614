#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shoal/data/columns.hpp"
#include "shoal/io/element_type.hpp"
#include "shoal/tensor/panels.hpp"

namespace shoal {

/// More than anyone trains, and few enough to keep a name for each.
inline constexpr std::int64_t most_classes = std::int64_t{1} << 20;

class Augmentation;
class ImageLayout;
struct ArrayInfo;
struct Normalization;

/// Some rows of a data set: features x, and labels or targets y where there are any. Of one split of the file, or of
/// several, see Dataset::joined(). Cheap to copy: all splits share one open file. Rows are read by offset from the
/// file, or from memory, see held_in(); the read functions may be called by many threads at once.
///
/// Rows are numbered from 0 in the split (or subset); messages name the row in the file, see row_name().
class Split {
 public:
  const std::string& name() const;         ///< "train"; of several splits "train + validation"
  std::vector<std::string> names() const;  ///< of the splits of the file that it is of, in their order
  std::int64_t rows() const;
  std::int64_t features() const;     ///< D: the product of Dataset::shape()
  ElementType element_type() const;  ///< of x in the file: uint8, float32 or float64
  std::int64_t row_bytes() const;    ///< of x in the file
  bool holds_images() const;         ///< x is uint8 and a row of it has two dimensions or more
  bool has_labels() const;           ///< y holds whole numbers, one class a row
  bool has_targets() const;          ///< y holds floats, outputs() a row
  std::int64_t outputs() const;      ///< K of targets, (N) counting as (N, 1); 0 without targets
  std::int64_t classes() const;      ///< of the data set
  bool has_weights() const;          ///< each row has one; else all count alike
  bool has_groups() const;           ///< rows of a group belong together; of several splits, one keeps them at least
  /// Of the data set: what its columns are, where it was made from a table; names of the features, where they have any.
  const std::optional<TableDescription>& table() const;
  const std::vector<std::string>& columns() const;
  const std::optional<TableDescription>& file_columns() const;

  /// Features of the given rows, in that order, converted and normalised in one step, in plain double arithmetic:
  ///   x[i, d] = float((double(value) - mean[d]) * (1 / deviation[d]))
  /// @param rows  each in [0, rows()); runs of consecutive rows become one read
  /// @param x     (rows, D) row-major, overwritten
  /// @throws Error(bad_data)  for a value that is not finite, naming row and feature
  void read(std::span<const std::int64_t> rows, const Normalization& normalization, std::span<float> x) const;
  /// The same numbers laid out as a model of images takes them, in one pass from the bytes of the file.
  /// @param layout        with the normalisation; of samples of D numbers
  /// @param augmentation  in training: what becomes of each image, by its source_row(); null: nothing
  void read_images(std::span<const std::int64_t> rows, const ImageLayout& layout, const Augmentation* augmentation,
                   Panels<float> out) const;
  /// The same values as they are in the file. x: (rows, D). Missing cells of a table are NaN; else as read().
  void read_values(std::span<const std::int64_t> rows, std::span<double> x) const;
  /// Only with has_labels(). labels: (rows). @throws Error(bad_data) for a label outside [0, classes())
  void read_labels(std::span<const std::int64_t> rows, std::span<std::int32_t> labels) const;
  /// Only with has_targets(). targets: (rows, K). @throws Error(bad_data) for a value that is not finite
  void read_targets(std::span<const std::int64_t> rows, std::span<float> targets) const;
  /// What a regression learns, in double: targets as they are in the file, or labels as numbers, where they are so.
  /// targets: (rows, K), K = 1 for labels. @throws Error(bad_data)  as read_labels() and read_targets()
  void read_target_values(std::span<const std::int64_t> rows, std::span<double> targets) const;
  /// Only with has_weights(). weights: (rows). @throws Error(bad_data) for one below 0 or not finite
  void read_weights(std::span<const std::int64_t> rows, std::span<double> weights) const;
  /// Only with has_groups(). Equal numbers: one group. groups: (rows)
  /// @throws Error(bad_data)  for a row of a split that keeps none, beside one that does
  void read_groups(std::span<const std::int64_t> rows, std::span<std::int64_t> groups) const;
  /// What tells rows apart: columns of the file, or "file" of images. May be none.
  const std::vector<std::string>& id_names() const;
  /// The texts of id_names()[id], each of id_bytes() at most. texts: (rows)
  void read_ids(std::size_t id, std::span<const std::int64_t> rows, std::span<std::string> texts) const;
  std::int64_t id_bytes(std::size_t id) const;

  /// Reads the given rows for what reading them throws, y always. values: x as well; probabilities: targets, if these
  /// they are, must lie in [0, 1].
  void check(std::span<const std::int64_t> rows, bool values, bool probabilities) const;

  /// The given rows of this split, each in [0, rows()), as a split of its own.
  Split subset(std::vector<std::int64_t> rows) const;
  /// The row in the file that row i is, differs from i in subsets; counted through several splits: no two rows have one
  /// number.
  std::int64_t source_row(std::int64_t i) const;
  /// What row i is called in messages, `row 5 of split "train"`: its split, and its row in there.
  std::string row_name(std::int64_t i) const;

  /// Whether both are rows of the same splits of one open file.
  bool is_of_split_of(const Split& other) const;
  /// Bytes that x, y and weights of all rows of the split take in the file, in that order; of one split after the
  /// other.
  std::int64_t stored_bytes() const;
  /// Bytes [first, first + bytes.size()) of these. @throws Error(bad_data)  when the file is cut short
  void read_stored(std::int64_t first, std::span<std::byte> bytes) const;
  /// The same rows, of which x, y and weights are read from memory from here on: stored_bytes(), as they are in the
  /// file.
  Split held_in(std::shared_ptr<const std::byte> memory) const;
  bool is_held() const { return memory_ != nullptr; }
  /// Whether rows are read from a file that somebody wrote to since it was opened.
  bool changed_in_file() const;

 private:
  friend class Dataset;
  struct Contents;
  struct Parts;
  /// Where row i lies: "train", and its row there.
  struct Place {
    const std::string& split;
    std::int64_t row;
  };
  Place place_of(std::int64_t i) const;
  /// Hands each of the rows to take(i, its bytes, the arrays of its split). array: which of these is read
  template <class Array, class Take>
  void read_rows(std::span<const std::int64_t> rows, const Array& array, const Take& take) const;
  Split(std::shared_ptr<const Contents> contents, std::shared_ptr<const Parts> parts)
      : contents_(std::move(contents)), parts_(std::move(parts)) {}

  std::shared_ptr<const Contents> contents_;
  std::shared_ptr<const Parts> parts_;
  std::shared_ptr<const std::vector<std::int64_t>> subset_;  // null: all rows
  std::shared_ptr<const std::byte> memory_;                  // null: rows are read from the file
};

/// A data set: an HDF5 file with a group per split (train, validation, test), each with x (N, D...) of uint8, float32
/// or float64 and perhaps y: (N) of any whole-number type, or (N) or (N, K) of floats; perhaps weight (N) of floats,
/// group (N) of int64, and ids/0, ids/1, ... (N, bytes) of uint8, texts filled up with bytes 0. Cheap to copy.
class Dataset {
 public:
  /// Reads what the file holds, and checks that it fits together; the rows are checked where they are read.
  /// @param name  what it is called in messages; empty: by its path
  /// @throws Error  no_input when there is no such file, bad_data when it is no data set
  static Dataset open(const std::string& path, const std::string& name = "");

  const std::string& path() const;         ///< or the name that it was opened by
  std::vector<std::string> names() const;  ///< of the splits, sorted
  bool has(const std::string& split) const;
  /// @throws Error(bad_data)  when there is no such split; names those that there are
  Split split(const std::string& name) const;
  /// The rows of the first of these splits, then those of the second, and so on, as if they were one.
  /// @throws Error(bad_data)  as split(); one is named twice; x is of another type in one than in another; one has y or
  ///                          weights and another has none
  Split joined(const std::vector<std::string>& names) const;

  /// K: the attribute `classes`, or, where it is missing, the greatest label + 1 over train (over all splits where
  /// there is no train). 0 without labels, but for one float a row that tells 2 classes apart; where y has a float a
  /// class, a row may have several, and they are targets.
  std::int64_t classes() const;
  /// K names; the numbers themselves where the file has none.
  const std::vector<std::string>& class_names() const;
  bool names_classes() const;  ///< whether the file has such names
  /// Of targets: class_names of the file, a name a float of y, or the columns of the file that y was made of; empty
  /// where they are not known.
  const std::vector<std::string>& target_names() const;
  /// Of one row of x, such as {28, 28}.
  const std::vector<std::int64_t>& shape() const;
  /// Of a set that was made from a table.
  const std::optional<TableDescription>& table() const;
  /// Names of the features, where they have any.
  const std::vector<std::string>& columns() const;
  /// What the columns of the file were: table(), or the same of a set whose x is numbers laid out in a shape of their
  /// own, which no model need know to learn from them.
  const std::optional<TableDescription>& file_columns() const;
  /// What to say of arrays and splits that training does not know, such as train/weights, or val where there is no
  /// validation; empty: nothing.
  /// @param used  the splits that it trains and validates on, beside train, validation and test
  std::string note_on_unread(const std::vector<std::string>& used = {}) const;
  /// What is in the arrays, as 32 hex digits: computed from all bytes, once, or, of more than 128 MiB, the attribute
  /// `content` where there is one. Not to be called by two threads at a time.
  std::string content() const;

 private:
  explicit Dataset(std::shared_ptr<const Split::Contents> contents) : contents_(std::move(contents)) {}
  std::shared_ptr<const Split::Contents> contents_;
};

/// "0", "1", ...: what classes are called that have no names.
std::vector<std::string> number_names(std::int64_t count);
bool are_number_names(const std::vector<std::string>& names);

}  // namespace shoal
