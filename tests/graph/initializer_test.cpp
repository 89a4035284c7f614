#include "shoal/graph/initializer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "graph/initial_rows.hpp"
#include "shoal/core/error.hpp"

namespace shoal {
namespace {

double deviation(const Initializer& initializer, std::int64_t rows, std::int64_t columns, double& most) {
  double squares = 0;
  most = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const double v = initializer.value(1, 0, rows, columns, r, c);
      squares += v * v;
      most = std::max(most, std::fabs(v));
    }
  }
  return std::sqrt(squares / static_cast<double>(rows * columns));
}

TEST(Initializer, SpreadsAreThoseOfThePapers) {
  double most = 0;
  EXPECT_NEAR(deviation(he(), 200, 100, most), std::sqrt(2.0 / 200), 0.002);
  EXPECT_NEAR(deviation(xavier(), 200, 100, most), std::sqrt(2.0 / 300), 0.002);
  EXPECT_LE(most, std::sqrt(6.0 / 300));
  EXPECT_NEAR(deviation(normal(0.5), 200, 100, most), 0.5, 0.01);
  EXPECT_EQ(deviation(zeros(), 3, 3, most), 0);
  EXPECT_NE(he().value(1, 0, 9, 9, 0, 0), he().value(1, 1, 9, 9, 0, 0)) << "parameters differ";
  EXPECT_THROW(initializer_by_name("hee"), Error);
}

TEST(Initializer, RowsAreThoseOfTheElements) {
  for (const Initializer& initializer : {zeros(), constant(0.25), normal(0.5), he(), xavier()}) {
    for (const std::int64_t columns : {1, 10, 33, 128}) {
      std::vector<double> row(static_cast<std::size_t>(columns));
      for (const std::int64_t r : {0, 6}) {
        initialize_row(initializer, 3, 2, 7, r, row);
        for (std::int64_t c = 0; c < columns; ++c)
          ASSERT_EQ(row[static_cast<std::size_t>(c)], initializer.value(3, 2, 7, columns, r, c));
      }
    }
  }
}

}  // namespace
}  // namespace shoal
