#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "labels.hpp"
#include "spool.hpp"
#include "table.hpp"

namespace shoal {

/// What decides whether labels that are numbers are classes.
struct NumberFacts {
  std::int64_t count = 0;
  std::int64_t distinct = 0;  ///< different numbers, counted beyond most_counted_numbers at least
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

/// Numbers of labels, looked at as they are read: what decides what they are, and each of them once, while classes may
/// be made of them.
class NumberSurvey {
 public:
  struct Found {
    double value = 0.0;
    std::size_t first = 0;  ///< place
  };

  void add(double value);

  const NumberFacts& facts() const { return facts_; }
  bool fits_float() const { return fits_float_; }  ///< each is exact in float32, or reads back from 6 digits of it
  const std::optional<Found>& beyond_float() const { return beyond_float_; }  ///< the first
  const std::optional<Found>& not_finite() const { return not_finite_; }
  /// By their first places, or nothing where they are more than classes may be.
  std::optional<std::vector<Found>> distinct() const;

 private:
  NumberFacts facts_;
  bool fits_float_ = true;
  std::size_t next_ = 0;
  std::optional<Found> beyond_float_;
  std::optional<Found> not_finite_;
  std::unordered_map<std::uint64_t, std::size_t> first_of_;  // by the bits of numbers
};

/// What labels that are numbers turned out to be.
struct NumberLabels {
  std::vector<std::string> class_names = {};                  ///< empty: targets
  std::vector<std::pair<double, std::int32_t>> classes = {};  ///< of the numbers that occur, which rise
  bool fits_float = false;                                    ///< of targets: see NumberSurvey
  std::string reason = {};                                    ///< for a note

  std::int32_t class_of(double value) const;  ///< of a number that occurs
};
/// By judge_numbers(). Classes are numbered as in labels_from_classes() where none is below 0, else in numeric order.
/// @throws Error(bad_data)  for what is not finite, too many classes, targets beyond the range of float32
NumberLabels labels_of_numbers(const NumberSurvey& survey, LabelWish wish, const Place& place);
/// @throws Error(bad_data)  for one beyond the range of float32, in which nets compute
NumberLabels targets_of_numbers(const NumberSurvey& survey, const Place& place);
/// Classes that are whole numbers, in numeric order, without the numbers between that none is.
NumberLabels classes_in_order(const NumberSurvey& survey, const Place& place);
/// Classes that another data set has, by name or by another way to write it; targets where it has targets.
/// @param class_names  empty: targets
NumberLabels number_labels_like(const NumberSurvey& survey, const std::vector<std::string>& class_names,
                                const Place& place);
/// Says which class numbers no row has: class k is label k all the same, so that files which lack some agree.
void say_empty_classes(const NumberLabels& labels, const std::string& file);

/// Rows of numbers that are looked at, and put away until it is known what they are.
class LabelNumbers {
 public:
  /// @param out    a file in whose folder they may be put away
  /// @param width  numbers in a row
  LabelNumbers(const std::string& out, std::int64_t width) : spool_(out, most_memory), width_(width) {}

  void add(std::span<const double> rows);
  const NumberSurvey& survey() const { return survey_; }
  std::int64_t rows() const { return rows_; }
  std::int64_t width() const { return width_; }
  /// Rows from `first` on.
  void read(std::int64_t first, std::span<double> rows) const;

 private:
  static constexpr std::int64_t most_memory = std::int64_t{32} << 20;

  NumberSurvey survey_;
  Spool spool_;
  std::int64_t width_ = 1;
  std::int64_t rows_ = 0;
};

/// y of the rows from `first` on: what `labels` makes of their numbers, as float32 for targets that it holds, else as
/// float64.
/// @param shape  of a row of targets
Column label_column(std::shared_ptr<const LabelNumbers> numbers, std::int64_t first, const NumberLabels& labels,
                    const std::vector<std::int64_t>& shape);

}  // namespace shoal
