#include "tune/sobol.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace shoal {
namespace {

// Reference values from SciPy 1.x: scipy.stats.qmc.Sobol(24, scramble=False).random(8), whose points are in the order
// of the Gray code: number 5 there is number 7 here.
TEST(Sobol, HasThePointsOfJoeAndKuo) {
  constexpr std::array expected = {0.875, 0.875, 0.125, 0.375, 0.875, 0.625, 0.875, 0.375, 0.375, 0.125, 0.375, 0.875,
                                   0.875, 0.125, 0.875, 0.375, 0.875, 0.375, 0.375, 0.625, 0.625, 0.625, 0.875, 0.375};
  static_assert(expected.size() == most_sobol_dimensions);
  for (std::size_t d = 0; d < expected.size(); ++d)
    EXPECT_EQ(sobol_bits(7, static_cast<int>(d)) * 0x1p-32, expected[d]) << "dimension " << d;
}

TEST(Sobol, EveryBlockFillsEveryAxisEvenly) {
  for (const std::uint32_t seed : {0U, 1U, 0x9e3779b9U}) {
    for (int d = 0; d < most_sobol_dimensions; ++d) {
      for (const std::uint32_t first : {0U, 256U, 512U}) {
        std::set<int> cells;
        for (std::uint32_t i = 0; i < 256; ++i)
          cells.insert(static_cast<int>(scrambled_sobol(first + i, d, seed) * 256.0));
        EXPECT_EQ(cells.size(), 256U) << "dimension " << d << ", seed " << seed;
      }
    }
  }
}

/// Property A of Sobol: 2^d points of each block fall into the 2^d halves of all d axes, one each.
TEST(Sobol, EveryBlockOfTwoToTheDimensionsFillsEveryCorner) {
  constexpr int dimensions = 12;
  std::set<std::uint32_t> corners;
  for (std::uint32_t i = 0; i < (1U << dimensions); ++i) {
    std::uint32_t corner = 0;
    for (int d = 0; d < dimensions; ++d) corner = corner * 2 + (sobol_bits(i, d) >> 31);
    corners.insert(corner);
  }
  EXPECT_EQ(corners.size(), std::size_t{1} << dimensions);
}

TEST(Sobol, PairsOfAxesAreEvenAfterScrambling) {
  for (std::uint32_t seed = 1; seed < 50; ++seed) {
    std::set<int> cells;  // the first two dimensions are a (0, 2)-sequence: 16 x 16 cells, one point each
    for (std::uint32_t i = 0; i < 256; ++i)
      cells.insert(static_cast<int>(scrambled_sobol(i, 0, seed) * 16.0) * 16 +
                   static_cast<int>(scrambled_sobol(i, 1, 7 * seed) * 16.0));
    EXPECT_EQ(cells.size(), 256U);
  }
}

TEST(Sobol, SeedsGiveOtherPoints) {
  EXPECT_NE(scrambled_sobol(3, 2, 1), scrambled_sobol(3, 2, 2));
  EXPECT_EQ(scrambled_sobol(3, 2, 1), scrambled_sobol(3, 2, 1));
}

}  // namespace
}  // namespace shoal
