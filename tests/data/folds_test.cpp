// Folds have the properties of scikit-learn's StratifiedKFold, KFold and StratifiedGroupKFold.
#include "shoal/data/folds.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "data_files.hpp"

namespace shoal {
namespace {

using ::testing::HasSubstr;
using Numbers = std::vector<std::int64_t>;

std::vector<std::int32_t> deal(std::int64_t rows, std::int64_t folds, const Numbers& classes, const Numbers& groups,
                               std::uint64_t seed = 1) {
  std::vector<std::int32_t> fold_of(static_cast<std::size_t>(rows), -1);
  deal_folds(folds, seed, classes, groups, fold_of);
  return fold_of;
}

/// Rows by class and fold.
std::map<std::int64_t, std::vector<std::int64_t>> table_of(const std::vector<std::int32_t>& fold_of, std::int64_t folds,
                                                           const Numbers& classes) {
  std::map<std::int64_t, std::vector<std::int64_t>> counts;
  for (std::size_t row = 0; row < fold_of.size(); ++row) {
    std::vector<std::int64_t>& of_class = counts[classes.empty() ? 0 : classes[row]];
    of_class.resize(static_cast<std::size_t>(folds));
    ++of_class.at(static_cast<std::size_t>(fold_of[row]));  // at: each row is in one of them
  }
  return counts;
}

std::int64_t spread(const std::vector<std::int64_t>& counts) {
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  return *most - *least;
}

TEST(Folds, ClassesAreSpreadToWithinOneRow) {
  for (const std::int64_t folds : {2, 3, 5, 7}) {
    Numbers classes;
    for (std::int64_t row = 0; row < 503; ++row) classes.push_back(row % 11 == 0 ? 2 : row % 3 == 0 ? 0 : 7);
    const auto fold_of = deal(503, folds, classes, {});
    for (const auto& [kind, counts] : table_of(fold_of, folds, classes)) EXPECT_LE(spread(counts), 1) << kind;
    EXPECT_LE(spread(table_of(fold_of, folds, {}).at(0)), 1) << "and so are the folds themselves";
  }
}

TEST(Folds, AClassOfFewRowsIsInAsManyFolds) {
  Numbers classes(40, 0);
  classes[3] = classes[17] = classes[38] = 1;
  const auto counts = table_of(deal(40, 5, classes, {}), 5, classes).at(1);
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 1), 3);
  EXPECT_EQ(std::count(counts.begin(), counts.end(), 0), 2);
}

TEST(Folds, RowsWithoutClassesAreSpreadEvenly) {
  EXPECT_LE(spread(table_of(deal(101, 4, {}, {}), 4, {}).at(0)), 1);
  EXPECT_EQ(spread(table_of(deal(12, 12, {}, {}), 12, {}).at(0)), 0) << "leave one out";
}

TEST(Folds, AreAFunctionOfTheSeed) {
  EXPECT_EQ(deal(200, 5, {}, {}, 3), deal(200, 5, {}, {}, 3));
  EXPECT_NE(deal(200, 5, {}, {}, 3), deal(200, 5, {}, {}, 4));
}

TEST(Folds, GroupsStayWholeAndClassesAreSpreadAsWellAsTheyAllow) {
  Numbers classes;
  Numbers groups;
  for (std::int64_t row = 0; row < 600; ++row) {
    groups.push_back(1000 - row / 6);  // 100 groups of 6 rows
    classes.push_back((row / 6) % 4 == 0 ? 1 : 0);
  }
  const auto fold_of = deal(600, 5, classes, groups);
  std::map<std::int64_t, std::set<std::int32_t>> folds_of_group;
  for (std::size_t row = 0; row < groups.size(); ++row) folds_of_group[groups[row]].insert(fold_of[row]);
  EXPECT_EQ(folds_of_group.size(), 100U);
  for (const auto& [group, folds] : folds_of_group) EXPECT_EQ(folds.size(), 1U) << group;
  for (const auto& [kind, counts] : table_of(fold_of, 5, classes)) EXPECT_EQ(spread(counts), 0) << kind;
}

TEST(Folds, GroupsOfUnequalSizeBalance) {
  Numbers groups;
  for (std::int64_t group = 1; group <= 30; ++group)
    groups.insert(groups.end(), static_cast<std::size_t>(group), group);
  const auto rows = static_cast<std::int64_t>(groups.size());
  const auto counts = table_of(deal(rows, 3, {}, groups), 3, {}).at(0);
  EXPECT_LE(spread(counts), 3) << "465 rows: 155 each, with the largest groups first";
}

TEST(Folds, TheLargestGroupComesFirst) {
  Numbers groups;
  for (const std::int64_t rows : {1, 1, 1, 1, 1, 1, 6})
    groups.insert(groups.end(), static_cast<std::size_t>(rows), std::ssize(groups));
  EXPECT_EQ(spread(table_of(deal(12, 2, {}, groups), 2, {}).at(0)), 0) << "6 and 6 ones; with that of 6 last 9 and 3";
}

class FoldsOfASplit : public DataFiles {
 protected:
  Split made(const std::vector<std::int32_t>& y, const Numbers& groups = {}) {
    H5Writer writer(path("d.h5"));
    const auto rows = static_cast<std::int64_t>(y.size());
    put(writer, "train/x", {rows, 1}, std::vector<float>(y.size(), 1.0F));
    put(writer, "train/y", {rows}, y);
    if (!groups.empty()) put(writer, "train/group", {rows}, groups);
    writer.finish();
    return Dataset::open(path("d.h5")).split("train");
  }
};

TEST_F(FoldsOfASplit, AreReadFromItsLabels) {
  const Split split = made({0, 1, 0, 1, 0, 1, 0, 1, 2, 0});
  const FoldPlan plan = plan_folds(split, 2, 1, {"a", "b", "rare"});
  EXPECT_FALSE(plan.grouped);
  EXPECT_EQ(plan.note, "class \"rare\" has 1 row: fewer than 2 folds, so that some are validated without it");
  EXPECT_EQ(plan_folds(made({0, 0, 1, 1}), 2, 1, {}).note, "") << "as many rows as folds are enough";
  Numbers all = plan.rows_in(0);
  EXPECT_EQ(plan.rows_in(1), plan.rows_outside(0));
  EXPECT_EQ(all.size(), 5U);
  const Numbers others = plan.rows_in(1);
  all.insert(all.end(), others.begin(), others.end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (Numbers{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST_F(FoldsOfASplit, KeepGroupsOfTheFile) {
  const Split split = made({0, 0, 0, 0, 1, 1, 1, 1}, {5, 5, 9, 9, 5, 5, 9, 9});
  const FoldPlan plan = plan_folds(split, 2, 1, {});
  EXPECT_TRUE(plan.grouped);
  EXPECT_TRUE(plan.rows_in(0) == (Numbers{0, 1, 4, 5}) || plan.rows_in(1) == (Numbers{0, 1, 4, 5}));
  EXPECT_TRUE(plan.note.empty());
}

TEST_F(FoldsOfASplit, AFractionCutsNoGroup) {
  std::vector<std::int32_t> y;
  Numbers groups;
  for (std::int64_t row = 0; row < 200; ++row) {
    groups.push_back(row % 40);  // 40 groups of 5 rows, one in four of class 1
    y.push_back(row % 40 % 4 == 0 ? 1 : 0);
  }
  const Split split = made(y, groups);
  const Numbers apart = hold_out_of(split, 0.2, 1);
  EXPECT_EQ(apart.size(), 40U);
  std::map<std::int64_t, int> rows_of_group;
  for (const std::int64_t row : apart) ++rows_of_group[groups[static_cast<std::size_t>(row)]];
  for (const auto& [group, rows] : rows_of_group) EXPECT_EQ(rows, 5) << group;
  EXPECT_EQ(
      std::count_if(rows_of_group.begin(), rows_of_group.end(), [](const auto& one) { return one.first % 4 == 0; }), 2)
      << "each class gives its share";
  EXPECT_EQ(apart, hold_out_of(split, 0.2, 1));
  EXPECT_NE(apart, hold_out_of(split, 0.2, 2));
  EXPECT_TRUE(hold_out_of(made({0, 1, 0, 1}, {1, 1, 1, 1}), 0.25, 1).empty()) << "one group, which is too large";
}

TEST_F(FoldsOfASplit, AFractionOfRowsWithoutGroupsIsThatOfBefore) {
  EXPECT_EQ(hold_out_of(made({0, 1, 0, 1, 0, 1, 0, 1, 0, 1}), 0.3, 1), (Numbers{0, 6, 8}));
}

TEST_F(FoldsOfASplit, TooManyAreRefused) {
  const auto fault = [](const Split& split, std::int64_t folds) -> std::string {
    try {
      static_cast<void>(plan_folds(split, folds, 1, {}));
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), ExitStatus::usage);
      return error.what();
    }
  };
  EXPECT_THAT(fault(made({0, 1, 0}), 4), HasSubstr("4 folds of the 3 rows of split \"train\""));
  EXPECT_EQ(fault(made({0, 1, 0}), 3), "");
  EXPECT_THAT(fault(made({0, 1, 0, 1}, {1, 1, 2, 2}), 3), HasSubstr("2 groups, which 3 folds cannot share"));
}

}  // namespace
}  // namespace shoal
