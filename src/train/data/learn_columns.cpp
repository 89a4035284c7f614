// What the columns of a table hold in the rows to train on.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shoal/comm/run_together.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/column_study.hpp"
#include "shoal/train/training.hpp"
#include "train/data/sum_counts.hpp"

namespace shoal {
namespace {

/// The first names of a list that may be long.
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t most = 5;
  std::string text = fmt::format("{}", fmt::join(std::span(names).first(std::min(most, names.size())), ", "));
  if (names.size() > most) text += fmt::format(" and {} more", names.size() - most);
  return text;
}

void note(TrainingData& data, const std::string& text, bool warning = true) {
  data.notes.push_back({text, text, warning});
}

/// Where any model is right about every row.
void note_one_class(TrainingData& data) {
  if (!data.train.has_labels() || data.description.classes != 1) return;
  const std::vector<std::string>& names = data.description.class_names;
  note(data, fmt::format("the data has one class{}: there is nothing to tell apart, and a loss of 0 says nothing",
                         names.empty() ? "" : ", " + names.front()));
}

/// Of an output's targets, taken row by row from 0 on.
struct TargetRange {
  struct Extreme {
    double value = 0.0;
    std::int64_t row = 0;
  };
  Extreme least, greatest;
  double next_to_least = std::numeric_limits<double>::infinity();  // of the other rows
  double next_to_greatest = -std::numeric_limits<double>::infinity();
  double mean = 0.0;
  double squares = 0.0;  // the sum of squared deviations

  void take(double value, std::int64_t row) {
    if (row == 0) {
      least = greatest = {value, row};
    } else {
      next_to_least = std::min(next_to_least, std::max(value, least.value));
      next_to_greatest = std::max(next_to_greatest, std::min(value, greatest.value));
      if (value < least.value) least = {value, row};
      if (value > greatest.value) greatest = {value, row};
    }
    const double from_before = value - mean;
    mean += from_before / static_cast<double>(row + 1);
    squares += from_before * (value - mean);
  }
  bool constant() const { return least.value == greatest.value; }
  bool least_is_farthest() const { return mean - least.value > greatest.value - mean; }
  /// From the mean.
  const Extreme& farthest() const { return least_is_farthest() ? least : greatest; }
  /// Whether there is nothing to tell the others apart by, as of a class that one row has.
  bool others_are_constant() const {
    return least_is_farthest() ? next_to_least == greatest.value : next_to_greatest == least.value;
  }
  /// Which the farthest makes of all squares.
  double share_of_farthest() const { return (farthest().value - mean) * (farthest().value - mean) / squares; }
};

/// For each output. Reads all rows, once.
std::vector<TargetRange> ranges_of_targets(const Split& split) {
  constexpr std::int64_t block = 1024;
  const auto width = static_cast<std::size_t>(split.outputs());
  std::vector<TargetRange> ranges(width);
  for (std::int64_t begin = 0; begin < split.rows(); begin += block) {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(std::min(block, split.rows() - begin)));
    std::iota(rows.begin(), rows.end(), begin);
    std::vector<double> values(rows.size() * width);
    split.read_target_values(rows, values);
    for (std::size_t at = 0; at < values.size(); ++at) ranges[at % width].take(values[at], rows[at / width]);
  }
  return ranges;
}

/// Where a constant is right about every row; where one row is so far off that beside it the others are all alike.
void note_what_targets_hide(TrainingData& data) {
  constexpr std::int64_t fewest = 20;
  constexpr double nearly_all = 0.9;
  if (!data.train.has_targets() || data.train.rows() == 0) return;
  const std::vector<std::string>& names = data.description.target_names;
  const std::vector<TargetRange> ranges = ranges_of_targets(data.train);
  std::vector<std::string> constant;
  for (std::size_t k = 0; k < ranges.size(); ++k) {
    const std::string name = k < names.size() ? names[k] : fmt::format("output {}", k);
    if (ranges[k].constant()) {
      constant.push_back(name);
    } else if (data.train.rows() >= fewest && !ranges[k].others_are_constant() &&
               ranges[k].share_of_farthest() > nearly_all) {
      const TargetRange::Extreme& far = ranges[k].farthest();
      const std::string target = fmt::format("the target {} in {}", name, data.train.row_name(far.row));
      data.notes.push_back(
          {target, fmt::format("{} is {}, and makes {:.0f} % of the variance of all {}: what tells the others apart is "
                               "lost beside it; mend it or leave the row out",
                               target, far.value, 100.0 * ranges[k].share_of_farthest(), data.train.rows())});
    }
  }
  if (constant.empty()) return;
  note(data, fmt::format("all rows to train on have one target in {}: there is nothing to learn about it",
                         some_of(constant)));
}

void note_what_teaches_nothing(TrainingData& data, const ColumnStudy& study) {
  if (const auto names = study.empty(); !names.empty())
    note(data, fmt::format("no row to train on has a value in {}: left out", some_of(names)), false);
  if (const auto names = study.constant(); !names.empty())
    note(data, fmt::format("all rows to train on have one value in {}", some_of(names)), false);
}

/// The description keeps the categories that the data set numbers, of which the rows to train on may lack some.
void describe_columns(TrainingData& data, std::vector<ColumnEncoding> columns) {
  data.columns = std::move(columns);
  for (std::size_t d = 0; d < data.columns.size(); ++d) {
    FeatureColumn& feature = data.description.table->features[d];
    const FeatureColumn& learnt = data.columns[d].column;
    const bool lists_all = std::ranges::includes(feature.categories, learnt.categories);
    if (!lists_all) feature = learnt;  // of a checkpoint of another set
  }
}

}  // namespace

void learn_columns(TrainingData& data, Communicator& comm) {
  data.notes.clear();
  run_together(comm, [&] {
    if (comm.rank() != 0) return;
    note_one_class(data);
    note_what_targets_hide(data);
  });
  if (!data.train.table()) return;
  const std::int64_t rows = data.train.rows();
  ColumnStudy study(data.train, rows * comm.rank() / comm.size(), rows * (comm.rank() + 1) / comm.size());
  while (study.width() > 0) {
    std::vector<double> counts(study.width());
    run_together(comm, [&] { study.count(counts); });
    sum_counts(counts, comm);
    run_together(comm, [&] { study.take(counts); });
  }
  run_together(comm, [&] {
    if (study.empty().size() == study.columns().size())
      throw Error(ExitStatus::bad_data, "no row to train on has a value in any column; there is nothing to learn from");
  });
  if (comm.rank() == 0) note_what_teaches_nothing(data, study);
  describe_columns(data, study.columns());
}

void say_notes(std::span<const TrainingData> folds) {
  std::vector<DataNote> said;
  std::map<std::string, std::vector<std::size_t>> of_folds;
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    for (const DataNote& one : folds[fold].notes) {
      std::vector<std::size_t>& numbers = of_folds[one.about];
      if (numbers.empty()) said.push_back(one);
      numbers.push_back(fold + 1);
    }
  }
  for (const DataNote& one : said) {
    const std::vector<std::size_t>& numbers = of_folds.at(one.about);
    const std::string where =
        numbers.size() == folds.size()
            ? ""
            : fmt::format("in {} {}: ", numbers.size() == 1 ? "fold" : "folds", fmt::join(numbers, ", "));
    one.warning ? log_warning(where + one.text) : log_info(where + one.text);
  }
}

void take_columns(TrainingData& data, const Archive& archive) {
  if (!data.train.table()) return;
  const Encoding encoding = read_encoding(archive);
  if (encoding.columns.size() != data.train.table()->features.size())
    throw Error(ExitStatus::bad_data,
                fmt::format("{} was trained on {} columns of a table, and the data have {}", archive.name,
                            encoding.columns.size(), data.train.table()->features.size()));
  describe_columns(data, encoding.columns);
}

Encoding encoding_for(const Config& config, const TrainingData& data) {
  Encoding encoding{{}, data.columns};
  encoding.from_floats = !data.columns.empty() && data.train.element_type() == ElementType::float32;
  choose_widths(encoding.columns, config.data.one_hot);
  return encoding;
}

}  // namespace shoal
