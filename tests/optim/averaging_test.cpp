#include "shoal/optim/averaging.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace shoal {
namespace {

TEST(AverageShare, OfALongRunIsThatOfTheDecayAndOfAShortOneMore) {
  EXPECT_EQ(average_share(0.9, 1), 9.0 / 10.0);  // the start has a tenth
  EXPECT_EQ(average_share(0.9, 81), 9.0 / 90.0);
  EXPECT_EQ(average_share(0.9, 82), 1.0 - 0.9);
  EXPECT_EQ(average_share(0.9999, 1000000), 1.0 - 0.9999);
  EXPECT_EQ(average_share(0.0, 1), 1.0);
}

TEST(MoveAverage, IsElementwiseWithTheSameBitsForEveryCut) {
  std::vector<float> values, whole, cut;
  for (int i = 0; i < 333; ++i) {
    values.push_back(std::sin(static_cast<float>(i)));
    whole.push_back(std::cos(static_cast<float>(i)));
  }
  cut = whole;
  const std::vector<float> before = whole;
  move_average(0.3, values, whole);
  for (std::size_t begin = 0; begin < cut.size(); begin += 7) {
    const std::size_t n = std::min<std::size_t>(7, cut.size() - begin);
    move_average(0.3, std::span(values).subspan(begin, n), std::span(cut).subspan(begin, n));
  }
  EXPECT_EQ(whole, cut);
  for (std::size_t i = 0; i < whole.size(); ++i)
    EXPECT_EQ(whole[i], before[i] + 0.3F * (values[i] - before[i])) << i;  // two roundings, on every processor
}

TEST(MoveAverage, OfEqualNumbersStays) {
  const std::vector<double> values = {0.1, -7e300, 0.0};
  std::vector<double> average = values;
  move_average(0.7, values, average);
  EXPECT_EQ(average, values);
}

}  // namespace
}  // namespace shoal
