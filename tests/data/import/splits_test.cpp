#include "data/import/splits.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "numbered_table.hpp"
#include "shoal/data/epoch_order.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST_F(Tables, WithoutOptionsAreTrain) {
  const Dataset data = split(numbered(3), {});
  EXPECT_THAT(data.names(), ElementsAre("train"));
  EXPECT_THAT(x_of(data.split("train")), ElementsAre(0, 1, 2));
}

TEST_F(Tables, GiveTheirLastRowsToTest) {
  const Dataset data = split(numbered(10), {.test_last = 3});
  EXPECT_THAT(x_of(data.split("test")), ElementsAre(7, 8, 9));
  EXPECT_THAT(x_of(data.split("train")), ElementsAre(0, 1, 2, 3, 4, 5, 6));
}

TEST_F(Tables, DrawFractionsAndKeepTheOrder) {
  const SplitOptions options{.test_fraction = 0.2, .validation_fraction = 0.1, .seed = 7};
  const Dataset data = split(numbered(105), options);
  EXPECT_THAT(data.names(), ElementsAre("test", "train", "validation"));
  EXPECT_EQ(data.split("test").rows(), 21);
  EXPECT_EQ(data.split("validation").rows(), 11);  // round(10.5)
  std::vector<float> all;
  for (const std::string& name : data.names()) {
    const std::vector<float> x = x_of(data.split(name));
    EXPECT_TRUE(std::is_sorted(x.begin(), x.end()));
    const std::vector<std::int32_t> y = labels_of(data.split(name));
    EXPECT_TRUE(std::equal(x.begin(), x.end(), y.begin()));
    all.insert(all.end(), x.begin(), x.end());
  }
  std::sort(all.begin(), all.end());
  for (std::size_t i = 0; i < 105; ++i) ASSERT_EQ(all[i], static_cast<float>(i));
  const std::vector<std::int64_t> held = hold_out(7, 105, 0.2, 1);
  EXPECT_TRUE(std::ranges::equal(x_of(data.split("test")), held));
  EXPECT_EQ(summary_.splits[1].split, "train");
  EXPECT_EQ(summary_.splits[1].rows, 73);
}

TEST_F(Tables, TakeATestOfTheirOwn) {
  const Table test = numbered(2);
  const Dataset data = split(numbered(10), {.validation_fraction = 0.5}, &test);
  EXPECT_THAT(x_of(data.split("test")), ElementsAre(0, 1));
  EXPECT_EQ(data.split("train").rows(), 5);
}

/// Row i holds i, its label is labels[i].
Table labelled(const std::vector<std::int32_t>& labels) {
  Table table = numbered(static_cast<std::int64_t>(labels.size()));
  table.y = column_of(labels, {});
  return table;
}

/// What `value` gives for each of the first rows.
template <class Value>
auto of_rows(std::int64_t rows, const Value& value) {
  std::vector<std::invoke_result_t<Value, std::int64_t>> values;
  for (std::int64_t row = 0; row < rows; ++row) values.push_back(value(row));
  return values;
}

Column groups(const std::vector<std::int64_t>& numbers) { return column_of(numbers, {}); }

std::map<std::int32_t, int> counts(const std::vector<std::int32_t>& labels) {
  std::map<std::int32_t, int> result;
  for (const std::int32_t label : labels) ++result[label];
  return result;
}

std::vector<std::int32_t> repeated(const std::vector<std::pair<std::int32_t, int>>& runs) {
  std::vector<std::int32_t> labels;
  for (const auto& [label, times] : runs) labels.insert(labels.end(), static_cast<std::size_t>(times), label);
  return labels;
}

TEST_F(Tables, DrawFromEachClassItsShare) {
  // A fifth of 101 rows is 20: 15.84 + 3.17 + 0.99 by class, so 16 + 3 + 1.
  const Table table = labelled(repeated({{0, 80}, {1, 16}, {2, 5}}));
  const Dataset data = split(table, {.test_fraction = 0.2, .validation_fraction = 0.2});
  EXPECT_THAT(counts(labels_of(data.split("test"))), ElementsAre(Pair(0, 16), Pair(1, 3), Pair(2, 1)));
  EXPECT_THAT(counts(labels_of(data.split("validation"))), ElementsAre(Pair(0, 16), Pair(1, 3), Pair(2, 1)));
  const std::vector<float> x = x_of(data.split("test"));
  EXPECT_TRUE(std::is_sorted(x.begin(), x.end()));
}

TEST_F(Tables, DrawTheSameRowsOfOneClassAsWithoutLabels) {
  Table table = numbered(50);
  table.y.reset();
  const Dataset bare = split(table, {.test_fraction = 0.3, .validation_fraction = 0.2, .seed = 4});
  const std::vector<float> test = x_of(bare.split("test"));
  const std::vector<float> validation = x_of(bare.split("validation"));
  EXPECT_TRUE(std::ranges::equal(test, hold_out(4, 50, 0.3, 1)));
  const Dataset one =
      split(labelled(std::vector<std::int32_t>(50, 0)), {.test_fraction = 0.3, .validation_fraction = 0.2, .seed = 4});
  EXPECT_EQ(x_of(one.split("test")), test);
  EXPECT_EQ(x_of(one.split("validation")), validation);
}

TEST_F(Tables, MayBeDrawnWithoutALookAtClasses) {
  const Table table = labelled(repeated({{0, 40}, {1, 10}}));
  const Dataset data = split(table, {.test_fraction = 0.3, .seed = 4, .stratify = false});
  EXPECT_TRUE(std::ranges::equal(x_of(data.split("test")), hold_out(4, 50, 0.3, 1)));
}

TEST_F(Tables, LeaveTheLastRowOfAClassToTrain) {
  // Ten classes of one row each would owe 0.5 each; a large class gives those instead.
  std::vector<std::pair<std::int32_t, int>> runs{{0, 90}};
  for (std::int32_t k = 1; k <= 10; ++k) runs.emplace_back(k, 1);
  const Dataset data = split(labelled(repeated(runs)), {.test_fraction = 0.5});
  EXPECT_THAT(counts(labels_of(data.split("test"))), ElementsAre(Pair(0, 50)));
  EXPECT_EQ(counts(labels_of(data.split("train"))).size(), 11U);
}

TEST_F(Tables, KeepGroupsTogether) {
  Table table = numbered(300);
  table.y.reset();
  const auto group_of = [](std::int64_t row) { return row * 7 % 60 - 5; };  // 60 groups of 5
  table.group = column_of(of_rows(300, group_of), {});
  const Dataset data = split(table, {.test_fraction = 0.2, .validation_fraction = 0.1});
  EXPECT_EQ(data.split("test").rows(), 60);
  EXPECT_EQ(data.split("validation").rows(), 30);
  std::map<std::int64_t, std::string> split_of;
  for (const std::string& name : data.names()) {
    for (const float x : x_of(data.split(name))) {
      const auto [found, is_new] = split_of.emplace(group_of(static_cast<std::int64_t>(x)), name);
      EXPECT_EQ(found->second, name);
    }
  }
}

/// Groups of one row are drawn by sorting, rows by counting keys.
TEST_F(Tables, DrawTheSameRowsAsGroupsOfOneRow) {
  constexpr std::int64_t rows = 5000;
  for (const std::int32_t classes : {1, 2, 7, 900}) {
    const auto label = [&](std::int64_t row) { return static_cast<std::int32_t>(row * row % classes); };
    Table table = labelled(of_rows(rows, label));
    const SplitOptions options{.test_fraction = 0.37, .validation_fraction = 0.11, .seed = 5};
    const Dataset alone = split(table, options);
    const std::vector<float> test = x_of(alone.split("test"));
    const std::vector<float> validation = x_of(alone.split("validation"));
    table.group = groups(of_rows(rows, [](std::int64_t row) { return row; }));
    const Dataset grouped = split(table, options);
    EXPECT_EQ(x_of(grouped.split("test")), test) << classes;
    EXPECT_EQ(x_of(grouped.split("validation")), validation) << classes;
  }
}

TEST_F(Tables, CountClassesThatNoGroupBrings) {
  const auto said = [&](std::int32_t rare) {
    Table table = labelled(repeated({{0, 150}, {1, 150}, {2, rare}}));
    // The 16th has two classes.
    table.group = column_of(of_rows(300 + rare, [](std::int64_t row) { return row / 10; }), {});
    ::testing::internal::CaptureStderr();
    split(table, {.test_fraction = 0.2});
    return ::testing::internal::GetCapturedStderr();
  };
  EXPECT_EQ(said(0), "");
  EXPECT_THAT(said(10), ::testing::HasSubstr("1 of 3 classes has too few rows to give one to the split test"));
}

TEST_F(Tables, SayWhereAFileToTestOnSharesGroups) {
  Table table = numbered(6);
  Table test = numbered(6);
  table.group = groups({1, 1, 2, 2, 3, 3});
  test.group = groups({3, 3, 4, 4, 5, 5});
  ::testing::internal::CaptureStderr();
  split(table, {}, &test);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("warning: 1 of the 3 groups to test on has rows to train on as well"));
  test.group = groups({4, 4, 5, 5, 6, 6});
  ::testing::internal::CaptureStderr();
  split(table, {}, &test);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::Not(::testing::HasSubstr("groups")));
}

TEST_F(Tables, ComeNearTheCountWithGroupsOfAnySize) {
  Table table = labelled(repeated({{0, 500}, {1, 500}}));
  table.group = column_of(of_rows(1000, [](std::int64_t row) { return row < 500 ? row / 7 : 1000 + row / 13; }), {});
  const Dataset data = split(table, {.test_fraction = 0.2});
  EXPECT_NEAR(static_cast<double>(data.split("test").rows()), 200, 7);
  const auto of_class = counts(labels_of(data.split("test")));
  EXPECT_NEAR(of_class.at(0), 100, 4);
  EXPECT_NEAR(of_class.at(1), 100, 10);
}

TEST_F(Tables, RefuseGroupsThatCannotBeDealt) {
  Table table = numbered(10);
  table.group = groups({1, 1, 1, 1, 1, 1, 1, 2, 2, 2});
  expect_error([&] { split(table, {.test_last = 2}); }, ExitStatus::bad_data,
               {"rows 8 and 7", "one group", "test and train"});
  table.group = groups(std::vector<std::int64_t>(10, 3));
  expect_error([&] { split(table, {.test_fraction = 0.1}); }, ExitStatus::usage,
               {"1 row for the split test", "whole groups", "too large"});
}

TEST_F(Tables, TakeTheSplitsOfTheFile) {
  Table table = numbered(5);
  const auto own = [](const std::vector<OwnSplit>& splits) {
    return column_of(
        std::vector<std::uint8_t>(of_rows(
            std::ssize(splits),
            [&](std::int64_t row) { return static_cast<std::uint8_t>(splits[static_cast<std::size_t>(row)]); })),
        {});
  };
  table.own_split = own({OwnSplit::test, OwnSplit::train, OwnSplit::validation, OwnSplit::train, OwnSplit::test});
  const Dataset data = split(table, {});
  EXPECT_THAT(x_of(data.split("test")), ElementsAre(0, 4));
  EXPECT_THAT(x_of(data.split("train")), ElementsAre(1, 3));
  EXPECT_THAT(x_of(data.split("validation")), ElementsAre(2));
  expect_error([&] { split(table, {.test_fraction = 0.2}); }, ExitStatus::usage, {"column of splits excludes"});
  const Table test = numbered(2);
  expect_error([&] { split(table, {}, &test); }, ExitStatus::usage, {"so has the test file"});
  table.group = groups({0, 1, 2, 3, 1});
  expect_error([&] { split(table, {}); }, ExitStatus::bad_data, {"one group", "test and train"});
  table.own_split = own(std::vector<OwnSplit>(5, OwnSplit::test));
  expect_error([&] { split(table, {}); }, ExitStatus::bad_data, {"no row to train"});
}

TEST(OwnSplits, AreNamedInSeveralWays) {
  for (const char* name : {"train", "Training"}) EXPECT_EQ(split_named(name), OwnSplit::train);
  for (const char* name : {"validation", "VALID", "val", "dev"}) EXPECT_EQ(split_named(name), OwnSplit::validation);
  for (const char* name : {"test", "testing"}) EXPECT_EQ(split_named(name), OwnSplit::test);
  for (const char* name : {"", "0", "tests"}) EXPECT_EQ(split_named(name), std::nullopt);
  EXPECT_EQ(split_name(OwnSplit::validation), "validation");
  EXPECT_THAT(split_names_taken(), ::testing::HasSubstr("val, dev, test"));
}

TEST_F(Tables, RefuseSplitsThatCannotBe) {
  const auto refused = [&](const SplitOptions& options, const std::vector<std::string>& words) {
    expect_error([&] { split(numbered(10), options); }, ExitStatus::usage, words);
  };
  refused({.test_last = -1}, {"--test-last is -1"});
  refused({.test_last = 10}, {"10 rows to test", "none of 10"});
  refused({.test_last = 5, .validation_fraction = 0.5}, {"5 to validate"});
  refused({.test_last = std::numeric_limits<std::int64_t>::max(), .validation_fraction = 0.1},
          {"9223372036854775807 rows to test and 1 to validate"});
  refused({.test_last = 1, .test_fraction = 0.1}, {"exclude each other"});
  refused({.test_fraction = 1.0}, {"--test-fraction is 1"});
  refused({.validation_fraction = -0.1}, {"--validation-fraction is -0.1"});
  refused({.test_fraction = 0.5, .validation_fraction = 0.5}, {"no row to train"});
  refused({.test_fraction = 0.01}, {"0.01 of 10 rows is no row"});
  const Table test = numbered(2);
  expect_error([&] { split(numbered(10), {.test_last = 1}, &test); }, ExitStatus::usage, {"a test file of its own"});
  EXPECT_FALSE(std::filesystem::exists(path("out.h5")));
}

}  // namespace
}  // namespace shoal
