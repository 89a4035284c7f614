#include "data/import/table.hpp"

#include <cstring>

#include "data/import/row_twins.hpp"
#include "numbered_table.hpp"
#include "shoal/tensor/parallel.hpp"

namespace shoal {
namespace {

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

/// numbered() of many pieces, which several threads copy at a time.
Table concurrent(std::int64_t rows) {
  Table table = numbered(rows);
  table.x.copy_rows = [](std::span<const std::int64_t> wanted, std::span<std::byte> out) {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto value = static_cast<float>(wanted[i]);
      std::memcpy(out.data() + i * sizeof value, &value, sizeof value);
    }
  };
  table.x.concurrent = true;
  return table;
}

constexpr std::int64_t rows_of_many_pieces = 1 << 20;

TEST_F(Tables, AreTheSameWhicheverThreadsWriteThem) {
  const auto content = [&] {
    const Table table = concurrent(rows_of_many_pieces);
    return write_splits(plan_splits(table, nullptr, {.test_fraction = 0.2}), {}, path("out.h5")).content;
  };
  const std::string alone = content();
  const std::vector<float> x = x_of(Dataset::open(path("out.h5")).split("train"));
  EXPECT_TRUE(std::ranges::is_sorted(x)) << "rows keep their order";
  for (const int count : {2, 3}) {
    set_threads(count);
    EXPECT_EQ(content(), alone);
    EXPECT_EQ(x_of(Dataset::open(path("out.h5")).split("train")), x);
  }
  set_threads(1);
}

TEST_F(Tables, AFailureOfOneThreadEndsAll) {
  Table table = concurrent(rows_of_many_pieces);
  const auto copy = table.x.copy_rows;
  table.x.copy_rows = [copy](std::span<const std::int64_t> wanted, std::span<std::byte> out) {
    if (wanted.front() > rows_of_many_pieces / 2) throw Error(ExitStatus::input_output, "the disk is gone");
    copy(wanted, out);
  };
  set_threads(3);
  expect_error([&] { write_splits(plan_splits(table, nullptr, {}), {}, path("out.h5")); }, ExitStatus::input_output,
               {"the disk is gone"});
  set_threads(1);
  EXPECT_FALSE(std::filesystem::exists(path("out.h5")));
}

TEST_F(Tables, SayWhichClassesAreNotLearnt) {
  ::testing::internal::CaptureStderr();
  split(numbered(10), {.test_last = 3});
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("warning: 3 of 10 classes, such as \"7\", have no row in the split train"));
  ::testing::internal::CaptureStderr();
  split(numbered(10), {});  // classes of the model that a file lacks are nobody's fault
  const Table five = numbered(5);
  split(numbered(10), {}, &five);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::Not(::testing::HasSubstr("no model learns")));
}

TEST_F(Tables, SayWhenATestHasRowsOfTrain) {
  const Table ten = numbered(10);
  ::testing::internal::CaptureStderr();
  split(numbered(25), {}, &ten);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("warning: 100 % of the rows of test have the features of a row of train"));
  ::testing::internal::CaptureStderr();
  split(numbered(25), {.test_last = 10});
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::Not(::testing::HasSubstr("have the features")));
}

/// Rows of the numbers from `first` on.
void add_numbers(RowTwins& twins, const std::string& split, std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), first);
  twins.add(split, std::as_bytes(std::span(numbers)), sizeof(std::int64_t));
}

TEST(RowTwins, AreAShareOfTheOtherSplit) {
  RowTwins twins;
  add_numbers(twins, "test", 900, 200);
  add_numbers(twins, "train", 0, 500);
  add_numbers(twins, "train", 500, 450);
  add_numbers(twins, "validation", 5000, 10);
  EXPECT_EQ(twins.share("test"), 0.25);
  EXPECT_EQ(twins.share("validation"), 0.0);
  EXPECT_EQ(twins.share("holdout"), 0.0);
}

TEST(RowTwins, KeepTheirShareInLongSets) {
  RowTwins twins(1000);
  add_numbers(twins, "test", 90'000, 20'000);
  for (std::int64_t first = 0; first < 100'000; first += 10'000) add_numbers(twins, "train", first, 10'000);
  EXPECT_NEAR(twins.share("test"), 0.5, 0.15);  // three deviations of some 100 rows
}

TEST_F(Tables, SayWhenTheFileCannotBeWritten) {
  const Table table = numbered(2);
  expect_error([&] { write_splits(plan_splits(table, nullptr, {}), {}, path("no/such/out.h5")); },
               ExitStatus::input_output, {"no/such"});
}

}  // namespace
}  // namespace shoal
