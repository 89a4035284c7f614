#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "table.hpp"

namespace shoal {

/// What a column of labels turned out to be: class numbers with the names of all classes, or float targets.
struct Labels {
  std::vector<std::int32_t> numbers;
  std::vector<float> targets;
  std::vector<std::string> class_names;  ///< empty for targets

  Column column() &&;
};

/// Where label i stands, for messages: "FILE:LINE".
using Place = std::function<std::string(std::size_t i)>;

/// Labels as a text file has them, by the rules of CsvOptions. @param classes  they are, see CsvOptions::classes
/// @throws Error(bad_data) for an empty or infinite label, for numbers beside other texts where `classes` is not said
Labels labels_from_texts(std::span<const std::string> texts, const Place& place, bool classes = false);
/// Classes that another data set has: a label is the name of one of them, or a number written in another way.
Labels labels_like(std::span<const std::string> texts, const std::vector<std::string>& class_names, const Place& place);
/// Numbers as targets. @throws Error(bad_data) for a label that is no finite number
Labels targets_from_texts(std::span<const std::string> texts, const Place& place);
/// Whole numbers become classes in numeric order, others targets.
Labels labels_from_numbers(std::span<const double> values, const Place& place);
Labels targets_from_numbers(std::span<const double> values, const Place& place);
/// Class k is label k. Codes, which are large and far apart, become classes in numeric order that are called by them.
/// place is asked for a label < 0 or too large.
Labels labels_from_classes(std::span<const std::int64_t> values, const Place& place);

}  // namespace shoal
