#include "splits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <memory>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "data/contents.hpp"
#include "data/refuse.hpp"
#include "draw.hpp"
#include "shoal/core/error.hpp"
#include "shoal/core/log.hpp"
#include "shoal/data/epoch_order.hpp"

namespace shoal {
namespace {

using Rows = std::vector<std::int64_t>;

constexpr std::uint32_t test_lane = 1;
constexpr std::uint32_t validation_lane = 2;

constexpr std::array<std::pair<std::string_view, OwnSplit>, 8> own_names{{{"train", OwnSplit::train},
                                                                          {"training", OwnSplit::train},
                                                                          {"validation", OwnSplit::validation},
                                                                          {"valid", OwnSplit::validation},
                                                                          {"val", OwnSplit::validation},
                                                                          {"dev", OwnSplit::validation},
                                                                          {"test", OwnSplit::test},
                                                                          {"testing", OwnSplit::test}}};

std::int64_t wanted_rows(const char* option, std::int64_t rows, double fraction) {
  const std::int64_t count = fraction_count(rows, fraction);
  if (fraction > 0.0 && count == 0) {
    refuse_options(fmt::format("{} {} of {} rows is no row; use a larger fraction", option, fraction, rows));
  }
  return count;
}

PlannedSplit listed(std::string name, const Table& table, Rows rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  auto held = std::make_shared<const Rows>(std::move(rows));
  return {std::move(name), &table, count,
          [held](std::int64_t i, std::int64_t) { return (*held)[static_cast<std::size_t>(i)]; }};
}

/// The class of each row; nothing where y holds none.
Rows classes_of_rows(const Table& table) {
  Rows classes;
  if (!table.y || is_floating(table.y->type)) return classes;
  std::vector<std::byte> bytes(table.y->row_bytes());
  classes.reserve(static_cast<std::size_t>(table.rows));
  for (std::int64_t row = 0; row < table.rows; ++row) {
    table.y->copy(row, bytes.data());
    classes.push_back(label_at(table.y->type, bytes.data()));
  }
  return classes;
}

Rows chosen(const Rows& values, const Rows& rows) {
  Rows result;
  if (values.empty()) return result;
  result.reserve(rows.size());
  for (const std::int64_t row : rows) result.push_back(values[static_cast<std::size_t>(row)]);
  return result;
}

/// Rows that are not dealt yet.
class RowsLeft {
 public:
  explicit RowsLeft(const Table& table) : rows_(static_cast<std::size_t>(table.rows)) {
    std::iota(rows_.begin(), rows_.end(), std::int64_t{0});
  }
  const Rows& rows() const { return rows_; }
  /// @param rows  sorted
  Rows take(Rows rows) {
    Rows left;
    std::set_difference(rows_.begin(), rows_.end(), rows.begin(), rows.end(), std::back_inserter(left));
    rows_ = std::move(left);
    return rows;
  }
  Rows take_last(std::int64_t count) { return take({rows_.end() - count, rows_.end()}); }

  /// @param classes  of all rows of the table, or empty
  Rows draw(const std::string& split, const Table& table, const Rows& classes, std::int64_t count, std::uint64_t seed,
            std::uint32_t lane) {
    const Drawing from{static_cast<std::int64_t>(rows_.size()), chosen(classes, rows_), chosen(table.groups, rows_)};
    Drawn drawn;
    if (count < from.rows) drawn = draw_rows(from, count, seed, lane);
    if (drawn.rows.empty() || drawn.rows.size() == rows_.size())
      refuse_options(fmt::format("{} rows for the split {} cannot be made of whole groups: {}; use another fraction",
                                 count, split, drawn.rows.empty() ? "they are too large" : "none is left to train"));
    if (drawn.absent > 0 && !classes.empty())
      log_info(fmt::format("{} of {} classes have too few rows to give one to the split {}", drawn.absent,
                           drawn.classes, split));
    for (std::int64_t& row : drawn.rows) row = rows_[static_cast<std::size_t>(row)];
    return take(std::move(drawn.rows));
  }

 private:
  Rows rows_;
};

std::vector<PlannedSplit> own_splits(const Table& table) {
  std::array<Rows, 3> rows;
  for (std::size_t row = 0; row < table.own_split.size(); ++row)
    rows[static_cast<std::size_t>(table.own_split[row])].push_back(static_cast<std::int64_t>(row));
  if (rows[static_cast<std::size_t>(OwnSplit::train)].empty())
    throw Error(ExitStatus::bad_data, "the column of splits gives no row to train; some rows must say train");
  std::vector<PlannedSplit> splits;
  for (const OwnSplit split : {OwnSplit::test, OwnSplit::validation, OwnSplit::train}) {
    Rows& its = rows[static_cast<std::size_t>(split)];
    if (!its.empty()) splits.push_back(listed(std::string(split_name(split)), table, std::move(its)));
  }
  return splits;
}

/// What was not drawn by groups may cut one.
void check_groups(const Table& table, const std::vector<PlannedSplit>& splits) {
  if (table.groups.empty()) return;
  std::unordered_map<std::int64_t, std::pair<std::size_t, std::int64_t>> seen;  // split and row of each group
  for (std::size_t s = 0; s < splits.size(); ++s) {
    if (splits[s].table != &table) continue;
    std::int64_t row = -1;
    for (std::int64_t i = 0; i < splits[s].rows; ++i) {
      row = splits[s].row(i, row);
      const auto [found, is_new] = seen.emplace(table.groups[static_cast<std::size_t>(row)], std::pair(s, row));
      if (is_new || found->second.first == s) continue;
      throw Error(ExitStatus::bad_data,
                  fmt::format("rows {} and {}, from 0, are of one group and would go to the splits {} and {}; put the "
                              "group's rows into one, or leave out --group",
                              found->second.second, row, splits[found->second.first].name, splits[s].name));
    }
  }
}

/// A file to test on is taken as it is, but not in silence. Groups of both files have the same numbers.
void say_shared_groups(const Table& table, const Table& test) {
  const std::unordered_set<std::int64_t> learnt(table.groups.begin(), table.groups.end());
  const std::unordered_set<std::int64_t> tested(test.groups.begin(), test.groups.end());
  const auto shared = std::ranges::count_if(tested, [&](std::int64_t group) { return learnt.contains(group); });
  if (shared > 0)
    log_warning(fmt::format("{} of the {} groups to test on have rows to train on as well", shared, tested.size()));
}

void check_split_options(const Table& table, const Table* test, const SplitOptions& options) {
  check_fractions(options.test_fraction, options.validation_fraction);
  if (options.test_last < 0) refuse_options(fmt::format("--test-last is {}; it must be 0 or more", options.test_last));
  const bool parts_test = options.test_last > 0 || options.test_fraction > 0.0;
  if (options.test_last > 0 && options.test_fraction > 0.0) {
    refuse_options(fmt::format("--test-last {} and --test-fraction {} exclude each other; give one", options.test_last,
                               options.test_fraction));
  }
  if (test != nullptr && parts_test)
    refuse_options("--test-last and --test-fraction exclude a test file of its own; give one of them");
  if (table.own_split.empty()) return;
  if (parts_test || options.validation_fraction > 0.0)
    refuse_options("a column of splits excludes --test-last, --test-fraction and --validation-fraction; give one");
  if (test != nullptr && std::ranges::find(table.own_split, OwnSplit::test) != table.own_split.end())
    refuse_options("the column of splits has rows to test, and so has the test file; give one of them");
}

}  // namespace

std::optional<OwnSplit> split_named(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto found = std::ranges::find(own_names, small, [](const auto& known) { return known.first; });
  if (found == own_names.end()) return std::nullopt;
  return found->second;
}

std::string_view split_name(OwnSplit split) {
  return std::ranges::find(own_names, split, [](const auto& known) { return known.second; })->first;
}

std::string split_names_taken() {
  std::vector<std::string_view> names;
  names.reserve(own_names.size());
  for (const auto& [name, split] : own_names) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

void check_fractions(double test, double validation) {
  const auto check = [](const char* option, double fraction) {
    if (!(fraction >= 0.0 && fraction < 1.0)) {
      refuse_options(fmt::format("{} is {}; it must be at least 0 and below 1", option, fraction));
    }
  };
  check("--test-fraction", test);
  check("--validation-fraction", validation);
  if (test + validation >= 1.0) {
    refuse_options(fmt::format(
        "--test-fraction {} and --validation-fraction {} leave no row to train; make them smaller", test, validation));
  }
}

std::vector<PlannedSplit> plan_splits(const Table& table, const Table* test, const SplitOptions& options) {
  check_split_options(table, test, options);
  const std::int64_t validation_rows = wanted_rows("--validation-fraction", table.rows, options.validation_fraction);
  const std::int64_t test_rows =
      options.test_last > 0 ? options.test_last : wanted_rows("--test-fraction", table.rows, options.test_fraction);
  if (test_rows >= table.rows - validation_rows) {  // the sum might overflow
    refuse_options(fmt::format("{} rows to test and {} to validate leave none of {} to train; use fewer", test_rows,
                               validation_rows, table.rows));
  }

  std::vector<PlannedSplit> splits;
  if (test != nullptr) splits.push_back({"test", test, test->rows, [](std::int64_t i, std::int64_t) { return i; }});
  if (!table.own_split.empty()) {
    std::ranges::move(own_splits(table), std::back_inserter(splits));
  } else {
    RowsLeft rest(table);
    const bool draws = options.test_fraction > 0.0 || options.validation_fraction > 0.0;
    const Rows classes = draws && options.stratify ? classes_of_rows(table) : Rows{};
    if (options.test_last > 0) {
      splits.push_back(listed("test", table, rest.take_last(test_rows)));
    } else if (test_rows > 0) {
      splits.push_back(listed("test", table, rest.draw("test", table, classes, test_rows, options.seed, test_lane)));
    }
    if (validation_rows > 0) {
      splits.push_back(listed("validation", table,
                              rest.draw("validation", table, classes, validation_rows, options.seed, validation_lane)));
    }
    splits.push_back(listed("train", table, rest.rows()));
  }
  check_groups(table, splits);
  if (test != nullptr) say_shared_groups(table, *test);
  return splits;
}

}  // namespace shoal
