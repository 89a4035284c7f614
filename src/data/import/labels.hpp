#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace shoal {

/// Labels as class numbers, and the names of all classes.
struct Labels {
  std::vector<std::int32_t> numbers;
  std::vector<std::string> class_names;
};

/// Where label i stands, for messages: "FILE:LINE".
using Place = std::function<std::string(std::size_t i)>;

/// Classes as a text file has them: whole numbers as those, by labels_from_classes() where none is below 0, else in
/// numeric order; other texts sorted bytewise. @throws Error(bad_data) for an empty or infinite label
Labels labels_from_texts(std::span<const std::string> texts, const Place& place);
/// Classes that another data set has: a label is the name of one of them, or a number written in another way.
Labels labels_like(std::span<const std::string> texts, const std::vector<std::string>& class_names, const Place& place);
/// Whole numbers become classes in numeric order.
Labels labels_in_order(std::span<const double> values, const Place& place);
/// Class k is label k. Codes, which are large and far apart, become classes in numeric order that are called by them.
/// place is asked for a label < 0 or too large.
Labels labels_from_classes(std::span<const std::int64_t> values, const Place& place);

}  // namespace shoal
