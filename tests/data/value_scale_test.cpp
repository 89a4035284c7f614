#include "shoal/data/value_scale.hpp"

#include <cmath>
#include <numeric>
#include <random>

#include "data_files.hpp"

namespace shoal {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t scaled_columns = 12;

class ValueScales : public DataFiles {
 protected:
  using Values = std::vector<double>;

  static ValueScale scale(const Values& values) {
    std::vector<std::size_t> columns(scaled_columns);
    std::iota(columns.begin(), columns.end(), std::size_t{0});
    return scale_of(values, scaled_columns, columns);
  }
  static Values times(Values values, double factor, double offset = 0.0) {
    for (double& x : values) x = x * factor + offset;
    return values;
  }
  static Values first_rows(const Values& values, std::size_t rows) {
    return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(rows * scaled_columns)};
  }
  static bool is_smaller(const Values& values, const Values& others) {
    const ValueScale here = scale(values);
    return smaller_scale(here, here.typical, scale(others).typical).has_value();
  }
  template <class Draw>
  static Values drawn(std::size_t rows, const Draw& draw) {
    std::mt19937 random(1);
    Values values(rows * scaled_columns);
    for (double& x : values) x = draw(random);
    return values;
  }
  static Values bytes(std::size_t rows) {
    return drawn(rows, [](auto& random) { return static_cast<double>(random() % 256); });
  }

  template <class T>
  std::string note(const Values& train, const std::vector<T>& test) {
    H5Writer writer(path("d.h5"));
    put(writer, "train/x", {std::ssize(train) / 12, 12}, train);
    put(writer, "test/x", {std::ssize(test) / 12, 12}, test);
    writer.finish();
    const Dataset data = Dataset::open(path("d.h5"));
    return note_on_scales(data.split("train"), data.split("test"));
  }
};

TEST_F(ValueScales, AreThoseOfTheColumnsThatCount) {
  const Values values{1, 9, -3, 3, 9, 0.5, NAN, 9, 1};
  const ValueScale scale = scale_of(values, 3, std::vector<std::size_t>{0, 2});
  EXPECT_EQ(scale.rows, 3);
  EXPECT_THAT(scale.typical, ElementsAre(DoubleNear(3.0, 1e-12), DoubleNear(0.5 + std::sqrt(9.5 / 3.0), 1e-12)));
  EXPECT_THAT(scale.greatest, ElementsAre(3, 3));
  EXPECT_FALSE(scale.whole);
  EXPECT_EQ(scale.least, -3);
  EXPECT_EQ(scale.most, 3);
  EXPECT_DOUBLE_EQ(scale.beyond_one, 0.4);
  EXPECT_DOUBLE_EQ(scale.below_zero, 0.2);
}

TEST_F(ValueScales, BytesThatWereDividedAreSmaller) {
  const Values whole = bytes(300);
  EXPECT_TRUE(is_smaller(times(whole, 1.0 / 255.0), whole));
  EXPECT_TRUE(is_smaller(times(whole, 1.0 / 127.5, -1.0), whole));
  EXPECT_TRUE(is_smaller(times(whole, 1.0 / 57.0, -2.1), whole)) << "as images are often standardised";
  EXPECT_TRUE(is_smaller(times(first_rows(whole, 1), 1.0 / 255.0), whole)) << "one row";
  Values one_beyond = times(whole, 1.0 / 255.0);
  one_beyond[7] = 1.02;
  one_beyond[70] = 40.0;
  EXPECT_TRUE(is_smaller(one_beyond, whole));
  EXPECT_FALSE(is_smaller(whole, times(whole, 1.0 / 255.0)));
}

TEST_F(ValueScales, WhatRowsMayWellHoldIsNot) {
  const Values whole = bytes(300);
  EXPECT_FALSE(is_smaller(whole, whole));
  EXPECT_FALSE(is_smaller(first_rows(whole, 1), whole));
  EXPECT_FALSE(is_smaller(Values(scaled_columns), whole)) << "a black image";
  Values dark(scaled_columns);
  dark[3] = dark[4] = 2.0;
  EXPECT_FALSE(is_smaller(dark, whole));
  EXPECT_FALSE(is_smaller(times(whole, 0.2), whole)) << "dark ones";
  const Values one_hot =
      drawn(1000, [](auto& random) { return std::bernoulli_distribution(0.002)(random) ? 1.0 : 0.0; });
  EXPECT_FALSE(is_smaller(first_rows(one_hot, 40), one_hot));
  EXPECT_FALSE(is_smaller(one_hot, first_rows(one_hot, 40)));
  // A few outliers make nearly all of the deviation.
  const Values heavy = drawn(4000, [](auto& random) { return std::lognormal_distribution(0.0, 2.5)(random); });
  for (const std::size_t rows : {1U, 5U, 20U, 200U}) EXPECT_FALSE(is_smaller(first_rows(heavy, rows), heavy)) << rows;
  // One column may hold anything.
  Values one_column = whole;
  for (std::size_t at = 0; at < one_column.size(); at += scaled_columns) one_column[at] /= 1000.0;
  EXPECT_FALSE(is_smaller(one_column, whole));
}

TEST_F(ValueScales, NumbersToOneSideAreShifted) {
  const Values whole = bytes(300);
  const auto shifted = [](const Values& values, const Values& others) {
    const ValueScale other = scale(others);
    return shifted_scale(scale(values), other.mean, other.deviation);
  };
  ASSERT_TRUE(shifted(times(whole, 1.0, -128.0), whole));
  EXPECT_NEAR(shifted(times(whole, 1.0, -128.0), whole)->by, -128.0, 1e-9);
  EXPECT_EQ(shifted(times(whole, 1.0, -128.0), whole)->columns, scaled_columns);
  EXPECT_TRUE(shifted(whole, times(whole, 1.0, -128.0)));
  EXPECT_FALSE(shifted(whole, whole));
  EXPECT_FALSE(shifted(times(whole, 0.5), whole)) << "dark ones";
  EXPECT_FALSE(shifted(times(first_rows(whole, 15), 1.0, -128.0), whole)) << "few rows";
  Values apart = whole;  // to both sides
  for (std::size_t i = 0; i < apart.size(); ++i) apart[i] += i % 2 == 0 ? 128.0 : -128.0;
  EXPECT_FALSE(shifted(apart, whole));
}

TEST_F(ValueScales, TellsWhatBytesCannotBe) {
  const Values whole = bytes(300);
  EXPECT_TRUE(scale(whole).could_be_bytes());
  EXPECT_FALSE(scale(whole).plainly_no_bytes());
  EXPECT_TRUE(scale(times(whole, 1.0, -128.0)).plainly_no_bytes());
  EXPECT_TRUE(scale(times(whole, 4.0)).plainly_no_bytes());
  EXPECT_FALSE(scale(times(whole, 1.1, -12.0)).plainly_no_bytes()) << "as a sharp filter leaves images";
}

TEST_F(ValueScales, OfTwoSplitsAreSaid) {
  const Values whole = bytes(100);
  EXPECT_THAT(note(whole, times(whole, 1.0 / 255.0)), HasSubstr("the numbers of split \"test\" are about 0."));
  EXPECT_THAT(note(whole, times(whole, 1.0 / 255.0)), HasSubstr("in 12 columns"));
  EXPECT_THAT(note(times(whole, 1.0 / 255.0), whole), HasSubstr("the numbers of split \"train\" are about 0."));
  EXPECT_THAT(note(whole, first_rows(whole, 3)), IsEmpty());
  EXPECT_THAT(note(whole, times(whole, 1.0, -128.0)), HasSubstr("are both on one scale"));
  EXPECT_THAT(note(times(whole, 1.0, -128.0), whole), HasSubstr("are both on one scale"));
}

}  // namespace
}  // namespace shoal
