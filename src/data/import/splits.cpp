#include "splits.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
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

bool has_classes(const Table& table) { return table.y && !is_floating(table.y->type); }

/// Rows that are not dealt yet.
class RowsLeft {
 public:
  explicit RowsLeft(const Table& table) : table_(table), rows_(table.rows, RowSet::Of::all) {}

  const RowSet& rows() const { return rows_; }

  RowSet take_last(std::int64_t count) {
    RowSet last(table_.rows);
    for (std::int64_t row = table_.rows - count; row < table_.rows; ++row) last.insert(row);
    rows_.erase(last);
    return last;
  }

  RowSet draw(const std::string& split, bool stratify, std::int64_t count, std::uint64_t seed, std::uint32_t lane) {
    Drawing from{rows_.count()};
    if (stratify && has_classes(table_)) from.classes = numbers_of(*table_.y, rows_);
    if (table_.group) from.groups = numbers_of(*table_.group, rows_);
    Drawn drawn{RowSet(from.rows)};
    if (count < from.rows) drawn = draw_rows(from, count, seed, lane);
    if (drawn.rows.count() == 0 || drawn.rows.count() == from.rows)
      refuse_options(fmt::format("{} for the split {} cannot be made of whole groups: {}; use another fraction",
                                 counted(count, "row"), split,
                                 drawn.rows.count() == 0 ? "they are too large" : "none is left to train"));
    if (drawn.absent > 0)
      log_info(fmt::format("{} of {} classes {} too few rows to give one to the split {}", drawn.absent, drawn.classes,
                           drawn.absent == 1 ? "has" : "have", split));
    RowSet taken(table_.rows);
    std::int64_t row = -1;
    for (std::int64_t i = 0; i < from.rows; ++i) {
      row = rows_.after(row);
      if (drawn.rows.contains(i)) taken.insert(row);
    }
    rows_.erase(taken);
    return taken;
  }

 private:
  const Table& table_;
  RowSet rows_;
};

/// The rows of each split that the file names.
std::array<RowSet, 3> rows_by_own_split(const Table& table) {
  const RowSet all(table.rows, RowSet::Of::all);
  std::array<RowSet, 3> rows{RowSet(table.rows), RowSet(table.rows), RowSet(table.rows)};
  const auto next = numbers_of(*table.own_split, all)();
  for (std::int64_t row = 0; row < table.rows; ++row) rows[static_cast<std::size_t>(next())].insert(row);
  return rows;
}

std::vector<PlannedSplit> own_splits(const Table& table, const Table* test) {
  std::array<RowSet, 3> rows = rows_by_own_split(table);
  const auto of = [&](OwnSplit split) -> RowSet& { return rows[static_cast<std::size_t>(split)]; };
  if (test != nullptr && of(OwnSplit::test).count() > 0)
    refuse_options("the column of splits has rows to test, and so has the test file; give one of them");
  if (of(OwnSplit::train).count() == 0)
    throw Error(ExitStatus::bad_data, "the column of splits gives no row to train; some rows must say train");
  std::vector<PlannedSplit> splits;
  for (const OwnSplit split : {OwnSplit::test, OwnSplit::validation, OwnSplit::train}) {
    if (of(split).count() > 0) splits.push_back({std::string(split_name(split)), &table, std::move(of(split))});
  }
  return splits;
}

/// What was not drawn by groups may cut one.
void check_groups(const Table& table, const std::vector<PlannedSplit>& splits) {
  if (!table.group) return;
  std::unordered_map<std::int64_t, std::pair<std::size_t, std::int64_t>> seen;  // split and row of each group
  for (std::size_t s = 0; s < splits.size(); ++s) {
    if (splits[s].table != &table) continue;
    const RowSet& rows = splits[s].rows;
    const auto next = numbers_of(*table.group, rows)();
    for (std::int64_t row = rows.after(-1); row < rows.rows(); row = rows.after(row)) {
      const auto [found, is_new] = seen.emplace(next(), std::pair(s, row));
      if (is_new || found->second.first == s) continue;
      throw Error(ExitStatus::bad_data,
                  fmt::format("rows {} and {}, from 0, are of one group and would go to the splits {} and {}; put the "
                              "group's rows into one, or leave out --group",
                              found->second.second, row, splits[found->second.first].name, splits[s].name));
    }
  }
}

std::unordered_set<std::int64_t> groups_in(const Table& table) {
  std::unordered_set<std::int64_t> groups;
  if (!table.group) return groups;
  const RowSet all(table.rows, RowSet::Of::all);
  const auto next = numbers_of(*table.group, all)();
  for (std::int64_t row = 0; row < table.rows; ++row) groups.insert(next());
  return groups;
}

/// A file to test on is taken as it is, but not in silence. Groups of both files have the same numbers.
void say_shared_groups(const Table& table, const Table& test) {
  const std::unordered_set<std::int64_t> learnt = groups_in(table);
  const std::unordered_set<std::int64_t> tested = groups_in(test);
  const auto shared = std::ranges::count_if(tested, [&](std::int64_t group) { return learnt.contains(group); });
  if (shared > 0)
    log_warning(fmt::format("{} of the {} to test on {} rows to train on as well", shared,
                            counted(std::ssize(tested), "group"), shared == 1 ? "has" : "have"));
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
  if (table.own_split && (parts_test || options.validation_fraction > 0.0))
    refuse_options("a column of splits excludes --test-last, --test-fraction and --validation-fraction; give one");
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
  if (test != nullptr) splits.push_back({"test", test, RowSet(test->rows, RowSet::Of::all)});
  if (table.own_split) {
    std::ranges::move(own_splits(table, test), std::back_inserter(splits));
  } else {
    RowsLeft rest(table);
    const auto draw = [&](const std::string& name, std::int64_t rows, std::uint32_t lane) {
      splits.push_back({name, &table, rest.draw(name, options.stratify, rows, options.seed, lane)});
    };
    if (options.test_last > 0) {
      splits.push_back({"test", &table, rest.take_last(test_rows)});
    } else if (test_rows > 0) {
      draw("test", test_rows, test_lane);
    }
    if (validation_rows > 0) draw("validation", validation_rows, validation_lane);
    splits.push_back({"train", &table, rest.rows()});
  }
  check_groups(table, splits);
  if (test != nullptr) say_shared_groups(table, *test);
  return splits;
}

}  // namespace shoal
