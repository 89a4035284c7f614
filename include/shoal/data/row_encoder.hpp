#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/core/random.hpp"
#include "shoal/data/dataset.hpp"
#include "shoal/data/encoding.hpp"

namespace shoal {

/// Which feature of a data set is which of an encoding, and what its codes mean there: a set has an order of columns
/// and a list of categories of its own.
struct ColumnMatch {
  /// The set's feature for each of the encoding's; empty: the same in the same order.
  std::vector<std::size_t> source;
  /// For each column of categories the place of each of the set's codes.
  std::vector<std::vector<std::int64_t>> places;
  bool others = false;             ///< whether the last of these stands for all categories that the set does not have
  std::vector<std::string> extra;  ///< features of the set that are not needed
};

/// Of rows of the data set that the encoding was learnt on; one more number for each column of categories: unseen.
/// @param features  of that set
ColumnMatch own_columns(const Encoding& encoding, const std::vector<FeatureColumn>& features);
/// By name, where both have names; else by position. A category that the encoding does not have is unseen.
/// @param names  of the features that the model was trained on; may be empty
/// @param model, set  for messages
/// @throws Error(bad_data)  for a column that is missing, or of another type: names it
ColumnMatch match_columns(const Encoding& encoding, const std::vector<std::string>& names, const Split& split,
                          const std::string& model, const std::string& set);

/// Which values of categories training takes for unseen, so that their place is trained: a function of seed, epoch, row
/// of the data set and column.
class UnseenDraw {
 public:
  UnseenDraw(std::uint64_t seed, std::uint64_t epoch, double rate)
      : source_(seed, Purpose::unseen, epoch), threshold_(static_cast<std::uint64_t>(rate * 0x1p32)) {}
  bool hits(std::int64_t row, std::size_t column) const {
    return threshold_ > 0 && source_.block(static_cast<std::uint64_t>(row), column / 4)[column % 4] < threshold_;
  }

 private:
  RandomSource source_;
  std::uint64_t threshold_;
};

/// An encoding for the rows of one data set. May be used by many threads at once.
class RowEncoder {
 public:
  /// @param features  D of the encoding
  RowEncoder(Encoding encoding, ColumnMatch match, std::int64_t features);

  const Encoding& encoding() const { return encoding_; }
  std::int64_t inputs() const { return inputs_; }
  /// Whether a row is read and normalised in one step; see Split::read().
  bool is_plain() const { return encoding_.columns.empty() && match_.source.empty(); }

  /// @param values  a row of the data set
  /// @param x       (inputs), overwritten
  /// @param draw    in training: of row `row` of the data set
  /// @param unseen  a count for each column, or none; added to for values that training did not see, and for
  ///                missing numbers where training had none
  /// @returns what is wrong with the row; nothing where all is well
  std::string encode(std::span<const double> values, std::span<float> x, const UnseenDraw* draw = nullptr,
                     std::int64_t row = 0, std::span<std::int64_t> unseen = {}) const;

 private:
  double value_of(std::span<const double> values, std::size_t d) const {
    const double value = values[match_.source.empty() ? d : match_.source[d]];
    return encoding_.from_floats ? static_cast<double>(static_cast<float>(value)) : value;
  }
  std::string encode_numbers(std::span<const double> values, std::span<float> x) const;
  std::string refusal(std::size_t d, double value) const;

  Encoding encoding_;
  ColumnMatch match_;
  std::int64_t inputs_;
  std::vector<double> mean_;
  std::vector<double> scale_;
  std::size_t embedded_from_;  // the first of the inputs of embedded columns
};

}  // namespace shoal
