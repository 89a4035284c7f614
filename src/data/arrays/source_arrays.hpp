#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shoal/io/stored_array.hpp"

namespace shoal {

/// What stands for a missing value beside what a file says itself.
struct MissingNumbers {
  std::vector<double> numbers = {};
  bool nan = false;

  bool any() const { return nan || !numbers.empty(); }
};

/// One array in one file.
struct ArrayOrigin {
  std::string name;  ///< for messages: "FILE" or "FILE: PATH"
  std::function<std::unique_ptr<ArrayReader>()> open;
};

/// The array of one name in several files, joined along the rows; of one file at a time a block is in memory. Values
/// are as netCDF's conventions have them: NaN where one is missing, scaled and shifted where they were packed.
class SourceArrays {
 public:
  /// Opens each once. @throws Error(bad_data)  as their readers, and for rows of different shapes
  SourceArrays(std::string name, std::vector<ArrayOrigin> origins, MissingNumbers missing);

  const std::string& name() const { return name_; }  ///< for users: of a column
  const std::string& origin() const { return origins_.front().name; }
  std::int64_t rows() const { return starts_.back(); }
  const std::vector<std::int64_t>& row_shape() const { return row_shape_; }
  std::int64_t row_elements() const { return row_elements_; }
  bool has_missing() const;   ///< a value may be
  bool are_bytes() const;     ///< every file holds uint8, none is missing or packed
  bool hold_float64() const;  ///< a file does, as values that stand for themselves
  bool are_whole() const;     ///< every file holds whole numbers, none is missing or packed

  /// Whether float32 holds every value; reads the file where its type does not say so, up to the first that is not.
  bool fit_float32();

  /// Values of rows, which rise. T: uint8_t where are_bytes(), float where fit_float32(), double.
  /// @param out     value v of row i goes to out[i * stride + v]
  /// @throws Error(bad_data)  for a value that is not finite and not missing, or a whole number without a float64
  template <class T>
  void read(std::span<const std::int64_t> rows, T* out, std::int64_t stride);

  /// Gives back the memory of the block; what is read later opens its file again.
  void rest() { array_.reset(); }

  std::int64_t missing_seen() const { return missing_seen_; }  ///< by read()
  /// How what is stored is understood, for a note, and whether files differ; empty where values are stored as they are.
  std::string conventions() const;
  /// Names of files, and the units that they say the array is in, of those that say so.
  std::vector<std::pair<std::string, std::string>> units() const;
  /// Where a row lies, for messages: "ORIGIN: row R", counted from 0 in the file.
  std::string place(std::int64_t row) const;

 private:
  std::size_t file_of(std::int64_t row) const;
  ArrayReader& open(std::size_t file);

  std::string name_;
  std::vector<ArrayOrigin> origins_;
  MissingNumbers missing_;
  std::vector<StoredArray> infos_;    // of each file
  std::vector<std::int64_t> starts_;  // first row of each file, and the end
  std::vector<std::int64_t> row_shape_;
  std::int64_t row_elements_ = 1;
  std::size_t current_ = 0;
  std::unique_ptr<ArrayReader> array_;  // of file current_
  std::optional<bool> fit_float32_;
  std::int64_t missing_seen_ = 0;
};

}  // namespace shoal
