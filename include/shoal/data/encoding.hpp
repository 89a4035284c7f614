#pragma once

// What turns a row of x, as a data set holds it, into the numbers that the first layer of a model takes. Learnt on the
// rows to train on, kept in the checkpoint. What a row becomes depends on that row and on what was learnt alone.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shoal/data/columns.hpp"
#include "shoal/data/normalization.hpp"

namespace shoal {

/// Values that a column of categories may have: their numbers are exact as floats.
inline constexpr std::int64_t most_categories = std::int64_t{1} << 24;

/// What becomes of one column of a table.
///   number, date    one input, (x - mean) / deviation, with `fill` for a missing cell; behind it, if cells were
///   missing
///                   in training, another: 1 for a missing cell, else 0
///   category, flag  a place for each value that occurred in training, the missing cell being one of them if it did,
///   and
///                   a last one for all others, "unseen". One-hot: an input for each place, 1 where the value has it,
///                   else 0. Embedded: one input, the number of the place, of which the model's layer makes a vector.
struct ColumnEncoding {
  FeatureColumn column;    ///< with those of its categories that occurred; sorted bytewise
  bool missing = false;    ///< some cells were
  bool absent = false;     ///< all cells were: it is no input at all
  double fill = 0.0;       ///< of a number or date: the median of those that were there
  std::int64_t width = 0;  ///< of the vector of a category; 0: one-hot

  /// Of a category: distinct values in training. Places: one more, the last of which is unseen.
  std::int64_t values() const { return static_cast<std::int64_t>(column.categories.size()) + (missing ? 1 : 0); }
  std::int64_t places() const { return values() + 1; }
  std::int64_t inputs() const;
  bool embedded() const { return width > 0; }
  bool operator==(const ColumnEncoding&) const = default;
};

struct Encoding {
  Normalization normalization;          ///< of each feature; nothing is made with that of a category
  std::vector<ColumnEncoding> columns;  ///< of a table, in the order of its features; empty: each feature is an input
  /// Of a table: training took its values from float32, so all are rounded to it. A cell is then worth the same whether
  /// it comes from that set or from the file that the set was made of.
  bool from_floats = false;

  /// Numbers that a row becomes: those of all columns in their order, but those of embedded ones behind all others.
  std::int64_t inputs(std::int64_t features) const;
  /// Of the embedded columns, in their order.
  std::vector<const ColumnEncoding*> embedded() const;
};

/// How wide the vectors of so many distinct values are: min(50, ceil(1.6 n^0.56)). Source: fastai, emb_sz_rule.
std::int64_t embedding_width(std::int64_t values);
/// Embeds the categories of more than `one_hot` distinct values, and makes the others one-hot.
void choose_widths(std::vector<ColumnEncoding>& columns, std::int64_t one_hot);

/// For statistics of a table's rows: missing numbers filled, categories 0. values: whole rows, row-major.
void fill_cells(const std::vector<ColumnEncoding>& columns, std::span<double> values);

/// What is said of a table, as one JSON text without what the description of that says, and back with it.
/// @param features  as the data set has them: with categories that no row to train on had
/// @throws Error(bad_data)  for a text that is no encoding of these features, naming `name`
std::string encoding_text(const Encoding& encoding, const std::vector<FeatureColumn>& features);
Encoding encoding_of_text(const std::string& text, const std::vector<FeatureColumn>& features, const std::string& name);

}  // namespace shoal
