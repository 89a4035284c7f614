#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "labels.hpp"

namespace shoal {

/// What decides whether labels that are numbers are classes.
struct NumberFacts {
  std::int64_t count = 0;
  std::int64_t distinct = 0;  ///< different numbers, counted up to most_counted_numbers + 1
  bool whole = true;          ///< all are
  double least = 0.0;
  double greatest = 0.0;
};
constexpr std::int64_t most_counted_numbers = 1000;

struct NumberVerdict {
  bool classes = false;
  std::string reason;  ///< with the option that overrules it
};
/// Classes are -1 and 1, or whole numbers that are 0 or more and few: at most 20, or at most 1,000 that occur 20 times
/// on average.
NumberVerdict judge_numbers(const NumberFacts& facts);

/// What the user says of labels; found_out: nothing.
enum class LabelWish { found_out, classes, regression };
/// @throws Error(usage)  when both options are given
LabelWish label_wish(bool classes, bool regression);

/// Labels that are numbers, by judge_numbers(), and what they turned out to be, for a note. Classes are numbered as in
/// labels_from_classes() where none is below 0, else in numeric order.
struct NumberLabels {
  Labels labels;
  std::string reason;
};
NumberLabels labels_of_numbers(std::span<const double> values, LabelWish wish, const Place& place);
/// Says which class numbers no row has: class k is label k all the same, so that files which lack some agree.
void say_empty_classes(const Labels& labels, const std::string& file);
/// Classes that another data set has, by name or by another way to write it; targets where it has targets.
/// @param class_names  empty: targets
Labels number_labels_like(std::span<const double> values, const std::vector<std::string>& class_names,
                          const Place& place);

}  // namespace shoal
