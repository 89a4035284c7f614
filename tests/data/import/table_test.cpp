#include "data/import/table.hpp"

#include <algorithm>
#include <limits>

#include "../data_files.hpp"
#include "shoal/data/epoch_order.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;

/// Row i holds the number i, and so does its label.
Table numbered(std::int64_t rows) {
  Table table;
  table.rows = rows;
  std::vector<float> x(static_cast<std::size_t>(rows));
  std::iota(x.begin(), x.end(), 0.0F);
  table.x = column_of(x, {1});
  table.y = column_of(std::vector<std::int32_t>(x.begin(), x.end()), {});
  return table;
}

class Tables : public DataFiles {
 protected:
  Dataset split(const Table& table, const SplitOptions& options, const Table* test = nullptr) {
    TableNotes notes{{}, {}, "numbers"};
    for (std::int64_t k = 0; k < table.rows; ++k) notes.class_names.push_back(std::to_string(k));
    summary_ = write_splits(plan_splits(table, test, options), notes, path("out.h5"));
    return Dataset::open(path("out.h5"));
  }
  DatasetSummary summary_;
};

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

TEST_F(Tables, WriteTheDigestThatTheBytesHave) {
  const Dataset data = split(numbered(10), {.test_last = 3});
  EXPECT_EQ(data.content(), summary_.content);
  H5Writer writer(path("bare.h5"));  // the same arrays, no attributes
  for (const std::string& name : data.names()) {
    const Split part = data.split(name);
    put(writer, name + "/x", {part.rows(), 1}, x_of(part));
    put(writer, name + "/y", {part.rows()}, labels_of(part));
  }
  writer.finish();
  EXPECT_EQ(Dataset::open(path("bare.h5")).content(), summary_.content);
}

TEST_F(Tables, AreWrittenToTheSameBytes) {
  split(numbered(1000), {.test_fraction = 0.2});
  const std::string first = bytes_of(path("out.h5"));
  split(numbered(1000), {.test_fraction = 0.2});
  EXPECT_EQ(first, bytes_of(path("out.h5")));
  EXPECT_FALSE(first.empty());
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
  expect_error([&] { split(numbered(10), {.test_last = 1}, &test); }, ExitStatus::usage, {"--test-images"});
  EXPECT_FALSE(std::filesystem::exists(path("out.h5")));
}

TEST_F(Tables, SayWhenTheFileCannotBeWritten) {
  const Table table = numbered(2);
  expect_error([&] { write_splits(plan_splits(table, nullptr, {}), {}, path("no/such/out.h5")); },
               ExitStatus::input_output, {"no/such"});
}

}  // namespace
}  // namespace shoal
