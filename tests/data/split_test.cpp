#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>

#include "data_files.hpp"

namespace shoal {
namespace {

using ::testing::ElementsAre;
using RowNumbers = std::vector<std::int64_t>;

class Splits : public DataFiles {
 protected:
  /// 5 rows of 3 features, value 10 row + feature.
  template <class T>
  Split ramp(std::int64_t rows = 5) {
    std::vector<T> x;
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t d = 0; d < 3; ++d) x.push_back(static_cast<T>(10 * r + d));
    }
    return open<T, std::int32_t>({rows, 3}, x, {}, {});
  }
  template <class X, class Y>
  Split open(const RowNumbers& x_shape, const std::vector<X>& x, const RowNumbers& y_shape, const std::vector<Y>& y,
             std::int64_t classes = 0) {
    H5Writer writer(path("d.h5"));
    put(writer, "train/x", x_shape, x);
    if (!y.empty()) put(writer, "train/y", y_shape, y);
    if (classes > 0) writer.set_attribute("classes", classes);
    writer.finish();
    return Dataset::open(path("d.h5")).split("train");
  }
};

TEST_F(Splits, ReadRowsInAnyOrderOfEveryType) {
  const auto check = [](const Split& split) {
    std::vector<float> x(12);
    split.read(RowNumbers{4, 1, 2, 2}, {}, x);
    EXPECT_THAT(x, ElementsAre(40, 41, 42, 10, 11, 12, 20, 21, 22, 20, 21, 22));
    EXPECT_EQ(split.rows(), 5);
    EXPECT_EQ(split.features(), 3);
    EXPECT_FALSE(split.has_labels());
    EXPECT_FALSE(split.has_targets());
  };
  check(ramp<std::uint8_t>());
  check(ramp<float>());
  check(ramp<double>());
}

TEST_F(Splits, ReadRunsLongerThanOnePiece) {
  const Split split = ramp<double>(100000);  // 2.4 MB
  const std::vector<float> x = x_of(split);
  for (std::size_t i = 0; i < x.size(); ++i) ASSERT_EQ(x[i], static_cast<float>(10 * (i / 3) + i % 3)) << i;
}

TEST_F(Splits, NormaliseInDoubleArithmetic) {
  const Split split = ramp<float>();
  const Normalization normalization{"standard", {0.1, 0.2, 0.3}, {3.0, 7.0, 11.0}};
  const std::vector<float> x = x_of(split, normalization);
  for (std::size_t r = 0; r < 5; ++r) {
    for (std::size_t d = 0; d < 3; ++d) {
      const double value = static_cast<double>(10 * r + d);
      EXPECT_EQ(x[3 * r + d], static_cast<float>((value - normalization.mean[d]) * (1.0 / normalization.deviation[d])));
    }
  }
}

TEST_F(Splits, SubsetsKeepTheirRows) {
  const Split subset = ramp<float>().subset({4, 0, 3});
  EXPECT_EQ(subset.rows(), 3);
  EXPECT_EQ(subset.source_row(0), 4);
  EXPECT_THAT(x_of(subset), ElementsAre(40, 41, 42, 0, 1, 2, 30, 31, 32));
  const Split smaller = subset.subset({2, 0});
  EXPECT_EQ(smaller.source_row(0), 3);
  EXPECT_EQ(smaller.source_row(1), 4);
  EXPECT_THAT(x_of(smaller), ElementsAre(30, 31, 32, 40, 41, 42));
}

TEST_F(Splits, ReadLabelsOfAnyWholeNumberType) {
  const auto check = [&](auto type) {
    using T = decltype(type);
    const Split split = open<float, T>({3, 1}, {1, 2, 3}, {3}, {2, 0, 1}, 3);
    ASSERT_TRUE(split.has_labels());
    EXPECT_EQ(split.outputs(), 0);
    EXPECT_THAT(labels_of(split), ElementsAre(2, 0, 1));
    EXPECT_THAT(labels_of(split.subset({1, 2})), ElementsAre(0, 1));
  };
  check(std::uint8_t{});
  check(std::uint16_t{});
  check(std::uint32_t{});
  check(std::uint64_t{});
  check(std::int8_t{});
  check(std::int16_t{});
  check(std::int32_t{});
  check(std::int64_t{});
}

TEST_F(Splits, ReadTargets) {
  const Split single = open<float, double>({2, 1}, {1, 2}, {2}, {0.5, -1.5});
  ASSERT_TRUE(single.has_targets());
  EXPECT_EQ(single.outputs(), 1);
  EXPECT_THAT(targets_of(single), ElementsAre(0.5F, -1.5F));
  const Split two = open<float, float>({2, 1}, {1, 2}, {2, 2}, {1, 2, 3, 4});
  EXPECT_EQ(two.outputs(), 2);
  EXPECT_THAT(targets_of(two), ElementsAre(1, 2, 3, 4));
}

TEST_F(Splits, ReadTargetsInDouble) {
  H5Writer writer(path("precise.h5"));
  put<float>(writer, "train/x", {2, 1}, {1, 2});
  put<double>(writer, "train/y", {2}, {1e9 + 1, 1e9 + 2});
  writer.finish();
  std::vector<double> targets(2);
  const Dataset data = Dataset::open(path("precise.h5"));
  data.split("train").read_target_values(RowNumbers{1, 0}, targets);
  EXPECT_THAT(targets, ElementsAre(1e9 + 2, 1e9 + 1)) << "as floats they are one number";
  const std::vector<double> moments = leaf_target_moments(data.split("train"), 0, 2);
  EXPECT_THAT(moments, ElementsAre(1e9 + 1.5, 0.5));
}

TEST_F(Splits, RefuseValuesThatAreNotFinite) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Split split = open<float, float>({3, 2}, {1, 2, 3, nan, 5, 6}, {3}, {1, 2, nan});
  std::vector<float> x(2);
  split.read(RowNumbers{0}, {}, x);  // rows without it are read
  const auto read = [&] { x_of(split); };
  expect_error(read, ExitStatus::bad_data, {"d.h5: train/x row 1, feature 1 is nan"});
  expect_error([&] { x_of(split.subset({2, 1})); }, ExitStatus::bad_data, {"train/x row 1, feature 1"});
  expect_error([&] { targets_of(split); }, ExitStatus::bad_data, {"d.h5: train/y row 2, output 0 is nan"});
  const Split infinite = open<double, float>({1, 2}, {1, -std::numeric_limits<double>::infinity()}, {}, {});
  expect_error([&] { x_of(infinite); }, ExitStatus::bad_data, {"row 0, feature 1 is -inf"});
  const Split large = open<double, float>({1, 2}, {1, 1e300}, {}, {});
  expect_error([&] { x_of(large); }, ExitStatus::bad_data, {"train/x row 0", "too large"});
}

TEST_F(Splits, RefuseLabelsOutsideTheClasses) {
  const Split split = open<float, std::int64_t>({3, 1}, {1, 2, 3}, {3}, {0, 3, -1}, 3);
  std::vector<std::int32_t> label(1);
  split.read_labels(RowNumbers{0}, label);
  expect_error([&] { split.read_labels(RowNumbers{1}, label); }, ExitStatus::bad_data,
               {"d.h5: train/y row 1 is 3", "0..2"});
  expect_error([&] { split.read_labels(RowNumbers{2}, label); }, ExitStatus::bad_data, {"row 2 is -1"});
}

TEST_F(Splits, OutliveTheirDataSet) {
  const Split split = ramp<float>();  // the Dataset is gone
  const Split copy = split;           // NOLINT: a copy is what is tested
  EXPECT_EQ(x_of(copy), x_of(split));
}

std::shared_ptr<const std::byte> stored(const Split& split, std::int64_t piece) {
  const std::shared_ptr<std::byte[]> bytes(new std::byte[static_cast<std::size_t>(split.stored_bytes())]);
  for (std::int64_t first = 0; first < split.stored_bytes(); first += piece)
    split.read_stored(first,
                      {bytes.get() + first, static_cast<std::size_t>(std::min(piece, split.stored_bytes() - first))});
  return {bytes, bytes.get()};
}

TEST_F(Splits, HeldInMemoryGiveTheSameWhateverBecomesOfTheFile) {
  H5Writer writer(path("d.h5"));
  put<float>(writer, "train/x", {4, 3}, {0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32});
  put<std::int16_t>(writer, "train/y", {4}, {3, 0, 2, 1});
  put<double>(writer, "train/weight", {4}, {0.5, 1.5, 2.5, 3.5});
  writer.finish();
  const Split split = Dataset::open(path("d.h5")).split("train");
  EXPECT_EQ(split.stored_bytes(), 48 + 8 + 32);
  EXPECT_FALSE(split.is_held());
  for (const std::int64_t piece : {1, 5, 48, 1000}) {  // within an array, and across their ends
    const Split held = split.held_in(stored(split, piece));
    EXPECT_TRUE(held.is_held());
    EXPECT_TRUE(held.is_of_split_of(split));
    EXPECT_EQ(x_of(held), x_of(split));
    EXPECT_THAT(labels_of(held), ElementsAre(3, 0, 2, 1));
    std::vector<double> weights(2);
    held.subset({3, 1, 0}).read_weights(RowNumbers{0, 2}, weights);
    EXPECT_THAT(weights, ElementsAre(3.5, 0.5));
  }
  const Split held = split.held_in(stored(split, 100)).subset({2, 1});
  EXPECT_FALSE(split.changed_in_file());
  std::filesystem::resize_file(path("d.h5"), 100);
  EXPECT_TRUE(split.changed_in_file());
  EXPECT_FALSE(held.changed_in_file());
  std::vector<float> x(6);
  held.read(RowNumbers{1, 0}, {}, x);
  EXPECT_THAT(x, ElementsAre(10, 11, 12, 20, 21, 22));
  EXPECT_THAT(labels_of(held), ElementsAre(2, 0));
  expect_error([&] { x_of(split); }, ExitStatus::bad_data, {"is cut short"});
  expect_error([&] { stored(split, 100); }, ExitStatus::bad_data, {"is cut short"});
}

}  // namespace
}  // namespace shoal
