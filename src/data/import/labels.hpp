#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "table.hpp"

namespace shoal {

/// What a column of labels turned out to be: class numbers with the names of all classes, or targets.
struct Labels {
  std::vector<std::int32_t> numbers;
  std::vector<double> targets;
  std::vector<std::string> class_names;  ///< empty for targets
};

/// Of rows of two splits that were judged together, the first `values` labels and the others, both in one type: targets
/// as float32 where it is exact or reads back from 6 digits, for all of them, else as float64.
/// shape: of a row of targets
std::pair<Column, Column> columns_of_two(const Labels& labels, std::size_t values,
                                         const std::vector<std::int64_t>& shape);

/// Where label i stands, for messages: "FILE:LINE".
using Place = std::function<std::string(std::size_t i)>;

/// Classes as a text file has them: whole numbers as those, by labels_from_classes() where none is below 0, else in
/// numeric order; other texts sorted bytewise. @throws Error(bad_data) for an empty or infinite label
Labels labels_from_texts(std::span<const std::string> texts, const Place& place);
/// Classes that another data set has: a label is the name of one of them, or a number written in another way.
Labels labels_like(std::span<const std::string> texts, const std::vector<std::string>& class_names, const Place& place);
/// Whole numbers become classes in numeric order, others targets.
Labels labels_from_numbers(std::span<const double> values, const Place& place);
/// Numbers as targets. @throws Error(bad_data) for one beyond the range of float32, in which nets compute
Labels targets_from_numbers(std::span<const double> values, const Place& place);
/// Class k is label k. Codes, which are large and far apart, become classes in numeric order that are called by them.
/// place is asked for a label < 0 or too large.
Labels labels_from_classes(std::span<const std::int64_t> values, const Place& place);

}  // namespace shoal
